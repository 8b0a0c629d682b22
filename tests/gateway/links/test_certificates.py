"""Why a certificate is refused is told, by real TLS servers."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.links.looking import look
from metadata.links import Outcome, judge

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Authority:
    """Who signs certificates, with openssl."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def issue(self, name: str, host: str, days: int) -> ssl.SSLContext:
        files = {each: f"{name}.{each}" for each in ("key", "csr", "pem", "ext")}
        (self.folder / files["ext"]).write_text(f"subjectAltName=DNS:{host}\n")
        subject = ("-subj", f"/CN={host}")
        self.run("req", *_KEY, "-keyout", files["key"], "-out", files["csr"], *subject)
        signer = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
        names = ("-in", files["csr"], "-out", files["pem"], "-extfile", files["ext"])
        self.run("x509", "-req", *names, *signer, "-days", str(days))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / files["pem"], self.folder / files["key"])
        return context

    def sign_itself(self, subject: str, name: str) -> None:
        out = ("-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2")
        self.run("req", "-x509", *_KEY, *out, "-subj", f"/CN={subject}")

    def run(self, *words: str) -> None:
        command = ("openssl", *words)
        subprocess.run(command, check=True, cwd=self.folder, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        message = "there is no openssl to make certificates with"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    made = Authority(tmp_path_factory.mktemp("authority"))
    made.sign_itself("test authority", "ca")
    return made


@pytest.fixture
def trusting(authority, make_follower):
    """Who trusts the authority of the tests and nobody else."""
    return make_follower(
        context=ssl.create_default_context(cafile=authority.certificate)
    )


def test_a_good_one_is_good(authority, serve, acts, trusting, to) -> None:
    server = serve(context=authority.issue("good", "public.example", 2))
    server.acts["/"] = acts.answer(200)
    assert look(trusting, to(server.url())).status == 200


@pytest.mark.parametrize(
    ("host", "days", "case"),
    [("public.example", -1, "expired"), ("other.example", 2, "name")],
)
def test_a_wrong_one_is_refused(
    host, days, case, authority, serve, trusting, to
) -> None:
    server = serve(context=authority.issue(case, host, days))
    found = look(trusting, to(server.url()))
    assert (found.outcome, found.detail) == (Outcome.CERTIFICATE, case)
    assert judge(to(server.url()), found).code == "link.certificate"
    assert server.seen == []


def test_one_of_an_unknown_authority_is_refused(authority, serve, follower, to) -> None:
    server = serve(context=authority.issue("unknown", "public.example", 2))
    assert look(follower, to(server.url())).detail == "issuer"


def test_one_that_signed_itself_is_refused(authority, serve, follower, to) -> None:
    authority.sign_itself("public.example", "itself")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = authority.folder
    context.load_cert_chain(folder / "itself.pem", folder / "itself.key")
    assert look(follower, to(serve(context=context).url())).detail == "self_signed"


def test_a_server_without_tls_is_not_taken_for_a_bad_certificate(
    server, follower, to
) -> None:
    url = server.url().replace("http:", "https:")
    assert look(follower, to(url)).outcome is Outcome.TLS


def test_a_handshake_that_never_ends_is_ended(follower, to) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        before = time.monotonic()
        found = look(follower, to(f"https://public.example:{port}/"))
        assert found.outcome is Outcome.TIMEOUT
        assert time.monotonic() - before < 3.4


def test_a_redirect_to_a_bad_certificate_is_told(
    authority, serve, acts, trusting, to
) -> None:
    server = serve(context=authority.issue("way", "public.example", 2))
    server.acts["/"] = acts.redirect(server.url("/", host="other.example"))
    found = look(trusting, to(server.url()))
    assert (found.outcome, found.detail) == (Outcome.CERTIFICATE, "name")
