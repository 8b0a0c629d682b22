"""What is found at an address, on real servers that misbehave."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.links.addresses import Policy
from gateway.links.exchange import Deadline
from gateway.links.following import Follower
from gateway.links.looking import look
from metadata.links import Outcome, judge

ZIP = frozenset({"application/zip"})
PAGE = b"<!DOCTYPE html><title>Une page</title>"
LOGIN = b"<html><form><input name=p type='password'></form>"


class TestMethods:
    def test_head_is_enough_for_a_file_that_is_as_it_should_be(
        self, server, acts, follower, to
    ) -> None:
        server.acts["/a.zip"] = acts.answer(200, b"12345", Content_Type="a/zip; x=y")
        found = look(follower, to(server.url("/a.zip"), media_types={"a/zip"}))
        assert (found.outcome, found.status) == (Outcome.ANSWERED, 200)
        assert (found.media_type, found.length) == ("a/zip", 5)
        assert server.methods("/a.zip") == ["HEAD"]

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 500, 501, 503])
    def test_get_is_asked_where_head_is_refused_or_lies(
        self, status, server, acts, follower, to
    ) -> None:
        good = acts.answer(200, b"%PDF", Content_Type="application/pdf")
        server.acts["/a"] = acts.by_method(acts.answer(status), good)
        found = look(follower, to(server.url("/a")))
        assert (found.status, found.media_type) == (200, "application/pdf")
        assert server.methods("/a") == ["HEAD", "GET"]

    @pytest.mark.parametrize("lie", ["drop", "hang", "nonsense"])
    def test_get_is_asked_where_head_gets_no_answer(
        self, lie, server, acts, follower, to
    ) -> None:
        good = acts.answer(200, b"x", Content_Type="application/zip")
        server.acts["/a"] = acts.by_method(getattr(acts, lie), good)
        assert look(follower, to(server.url("/a"))).status == 200

    def test_get_is_asked_where_head_tells_another_type_or_length(
        self, server, acts, follower, to
    ) -> None:
        lie = acts.answer(200, Content_Type="application/octet-stream")
        good = acts.answer(200, b"12345", Content_Type="application/zip")
        server.acts["/a"] = acts.by_method(lie, good)
        found = look(follower, to(server.url("/a"), media_types=ZIP, length=5))
        assert (found.media_type, found.length) == ("application/zip", 5)

    def test_a_page_is_read_even_if_head_is_content(
        self, server, acts, follower, to
    ) -> None:
        lie = acts.answer(200, Content_Type="text/html")
        server.acts["/a"] = acts.by_method(lie, acts.answer(404))
        assert look(follower, to(server.url("/a"))).status == 404

    def test_too_many_requests_are_not_followed_by_another(
        self, server, acts, follower, to
    ) -> None:
        server.acts["/a"] = acts.answer(429)
        assert look(follower, to(server.url("/a"))).status == 429
        assert server.methods("/a") == ["HEAD"]

    def test_a_range_is_asked_for_and_its_total_is_the_length(
        self, server, acts, follower, to
    ) -> None:
        part = acts.answer(
            206, b"PK", Content_Range="bytes 0-1/9000", Content_Type="application/zip"
        )
        server.acts["/a"] = acts.by_method(acts.answer(405), part)
        found = look(follower, to(server.url("/a"), media_types=ZIP, length=9000))
        assert (found.status, found.length) == (206, 9000)
        assert server.headers[-1]["Range"] == "bytes=0-65535"
        assert judge(to("http://x", media_types=ZIP, length=9000), found).code == "good"

    def test_a_range_that_is_refused_is_not_insisted_on(
        self, server, acts, follower, to
    ) -> None:
        def act(handler):
            ranged = "Range" in handler.headers
            handler.answer(416 if ranged or handler.command == "HEAD" else 200)

        server.acts["/a"] = act
        assert look(follower, to(server.url("/a"))).status == 200

    def test_the_length_of_what_is_compressed_on_the_way_is_not_known(
        self, server, acts, follower, to
    ) -> None:
        server.acts["/a"] = acts.answer(200, b"123", Content_Encoding="gzip")
        assert look(follower, to(server.url("/a"))).length is None


class TestLimits:
    def test_of_a_long_body_the_beginning_is_read(
        self, server, acts, follower, to
    ) -> None:
        length = 10 * 2**20
        server.acts["/a"] = acts.by_method(acts.answer(405), acts.body(length))
        found = look(follower, to(server.url("/a"), media_types=ZIP))
        assert (found.status, found.length) == (200, length)
        while server.busy:
            time.sleep(0.01)
        assert server.sent < length * 0.7  # what the system takes in between

    @pytest.mark.parametrize(
        ("act", "outcome"),
        [
            ("hang", Outcome.TIMEOUT),
            ("dribble_headers", Outcome.TIMEOUT),
            ("dribble_body", Outcome.TIMEOUT),
            ("continue_for_ever", Outcome.TIMEOUT),
            ("headers_for_ever", Outcome.BROKEN_OFF),
            ("drop", Outcome.BROKEN_OFF),
            ("half", Outcome.BROKEN_OFF),
            ("half_body", Outcome.BROKEN_OFF),
            ("half_chunk", Outcome.BROKEN_OFF),
            ("kept_open", Outcome.ANSWERED),
            ("nonsense", Outcome.BROKEN_OFF),
        ],
    )
    def test_it_ends_whatever_the_server_does(
        self, act, outcome, server, acts, follower
    ) -> None:
        server.acts["/"] = getattr(acts, act)
        before = time.monotonic()
        found = follower.follow("GET", server.url(), Deadline(3.0))
        assert found.outcome is outcome
        assert time.monotonic() - before < 2.4

    def test_a_link_with_many_slow_steps_ends_too(
        self, server, acts, make_follower, fast, to
    ) -> None:
        def slowly(handler):
            time.sleep(0.3)
            number = int(handler.path[1:])
            handler.answer(302, Location=f"/{number + 1}")

        server.acts.update({f"/{number}": slowly for number in range(50)})
        limits = type(fast)(connecting=1, exchange=1, link=0.8, redirects=50)
        before = time.monotonic()
        found = look(make_follower(limits=limits), to(server.url("/0")))
        assert found.outcome is Outcome.TIMEOUT
        assert time.monotonic() - before < 2

    def test_nobody_listens(self, serve, follower, to) -> None:
        gone = serve()
        found = look(follower, to(gone.url("/", host="silent.example")))
        assert found.outcome is Outcome.NO_CONNECTION

    def test_nobody_has_the_name(self, follower, to) -> None:
        found = look(follower, to("http://nobody.example/"))
        assert found.outcome is Outcome.NO_NAME

    @pytest.mark.parametrize(
        "url", ["http://public.example:99999/", "http://[::1/", "ftp://x.example/a", ""]
    )
    def test_what_is_no_address_of_the_web_is_not_asked_for(
        self, url, follower, to
    ) -> None:
        assert look(follower, to(url)).outcome is Outcome.NOT_WEB


@given(url=st.text(max_size=40) | st.text(max_size=30).map("http://{}".format))
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example("http://[::1/#a")
@example("https://x.example:65536/")
@example("http://\ud800/")
def test_any_text_for_an_address_is_survived(follower, to, url) -> None:
    assert look(follower, to(url)).status == 0


class TestRedirects:
    def test_are_followed_and_told_apart(self, server, acts, follower, to) -> None:
        server.acts["/a"] = acts.redirect("/b", 301)
        server.acts["/b"] = acts.redirect(server.url("/c d?é=1"), 308)
        server.acts["/c%20d"] = acts.redirect("/e#part", 302)
        server.acts["/e"] = acts.answer(200, Content_Type="application/zip")
        found = look(follower, to(server.url("/a")))
        assert (found.status, found.redirects) == (200, 3)
        assert found.final == server.url("/e")
        assert found.moved == server.url("/c%20d?%C3%A9=1")

    def test_a_move_after_a_detour_is_none(self, server, acts, follower, to) -> None:
        server.acts["/a"] = acts.redirect("/b", 302)
        server.acts["/b"] = acts.redirect("/c", 301)
        server.acts["/c"] = acts.answer(200)
        assert look(follower, to(server.url("/a"))).moved == ""

    @pytest.mark.parametrize(
        "acts_of",
        [
            {"/": "/"},
            {"/": "/b", "/b": "/"},
            {f"/{n or ''}": f"/{n + 1}" for n in range(20)},
        ],
    )
    def test_without_end_are_ended(self, acts_of, server, acts, follower, to) -> None:
        server.acts.update({path: acts.redirect(t) for path, t in acts_of.items()})
        found = look(follower, to(server.url()))
        assert found.outcome is Outcome.REDIRECTS
        assert len(server.seen) <= 2 * 6

    def test_that_wait_for_a_cookie_get_it(self, server, acts, follower, to) -> None:
        def act(handler):
            if handler.headers.get("Cookie") == "session=1":
                handler.answer(200)
            else:
                handler.answer(302, Location="/", Set_Cookie="session=1; Path=/")

        server.acts["/"] = act
        assert look(follower, to(server.url())).status == 200

    def test_cookies_are_not_shown_to_others(self, server, acts, follower, to) -> None:
        elsewhere = server.url("/b", host="other.example")
        server.acts["/a"] = acts.redirect(elsewhere, Set_Cookie="session=1")
        server.acts["/b"] = acts.answer(200)
        look(follower, to(server.url("/a")))
        assert all("Cookie" not in headers for headers in server.headers)

    @pytest.mark.parametrize("word", ["é".encode(), "é".encode("latin-1"), b"%C3%A9"])
    def test_to_letters_with_accents_arrive(
        self, word, server, acts, follower, to
    ) -> None:
        server.acts["/a"] = acts.redirect_raw(b"/caf" + word)
        server.acts["/caf%C3%A9"] = acts.answer(200)
        assert look(follower, to(server.url("/a"))).status == 200

    @given(target=st.binary(max_size=40))
    @settings(
        deadline=None,
        max_examples=40,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @example(target=b"http://[::1/#a")
    @example(target=b"//[/#")
    @example(target=b"http://public.example:0/")
    @example(target=b"http://%00/")
    @example(target=b"http://" + b"a" * 70 + b".example/")
    @example(target=b"https://\xff\xfe/")
    def test_to_anything_are_survived(self, target, server, acts, follower) -> None:
        server.acts["/"] = acts.redirect_raw(target)
        follower.follow("GET", server.url(), Deadline(3))

    def test_without_a_target_are_an_answer(self, server, acts, follower, to) -> None:
        server.acts["/"] = acts.answer(302)
        assert look(follower, to(server.url())).status == 302


class TestPrivateNetworks:
    @pytest.mark.parametrize("host", ["inside.example", "both.example", "127.0.0.2"])
    def test_are_not_asked(self, host, serve, follower, to) -> None:
        inside = serve("127.0.0.2")
        found = look(follower, to(inside.url("/", host=host)))
        assert (found.outcome, found.detail) == (Outcome.PRIVATE, "127.0.0.2")
        assert inside.seen == []

    @pytest.mark.parametrize("host", ["inside.example", "127.0.0.2", "both.example"])
    def test_are_not_asked_after_a_redirect(
        self, host, serve, acts, follower, to
    ) -> None:
        outside = serve()
        inside = serve("127.0.0.2", outside.port)
        outside.acts["/"] = acts.redirect(inside.url("/secret", host=host))
        found = look(follower, to(outside.url()))
        assert (found.outcome, found.redirects) == (Outcome.PRIVATE, 1)
        assert inside.seen == []

    def test_the_address_connected_to_is_the_one_looked_at(
        self, serve, acts, make_follower, to
    ) -> None:
        outside = serve()
        inside = serve("127.0.0.2", outside.port)
        outside.acts["/"] = inside.acts["/"] = acts.answer(200)
        looked_up = []

        def rebinding(host, seconds):
            looked_up.append(host)
            return ("127.0.0.1",) if len(looked_up) == 1 else ("127.0.0.2",)

        policy = Policy(is_allowed=lambda a: a == "127.0.0.1", resolve=rebinding)
        follower = make_follower(policy=policy)
        first = follower.follow("HEAD", outside.url(), Deadline(3))
        second = follower.follow("HEAD", outside.url(), Deadline(3))
        assert (first.status, second.outcome) == (200, Outcome.PRIVATE)
        assert len(looked_up) == 2
        assert inside.seen == []

    @pytest.mark.parametrize(
        "target",
        [
            "file:///etc/passwd",
            "gopher://127.0.0.1:70/_x",
            "ftp://public.example/",
            "javascript:alert(1)",
        ],
    )
    def test_another_scheme_is_not_followed(
        self, target, server, acts, follower, to
    ) -> None:
        server.acts["/"] = acts.redirect(target)
        assert look(follower, to(server.url())).outcome is Outcome.NOT_WEB

    def test_another_port_is_not_followed(
        self, serve, server, acts, follower, to
    ) -> None:
        other = serve()
        server.acts["/"] = acts.redirect(other.url("/"))
        assert look(follower, to(server.url())).outcome is Outcome.OTHER_PORT
        assert other.seen == []

    def test_loopback_is_private_without_a_policy_of_the_tests(
        self, server, fast, to
    ) -> None:
        follower = Follower("https://geo.example.org", limits=fast)
        for host in ("127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"):
            found = look(follower, to(server.url("/", host=host)))
            assert found.outcome is Outcome.PRIVATE
        assert server.seen == []

    def test_our_own_service_is_asked_as_configured_and_nothing_beside_it(
        self, serve, acts, fast, to
    ) -> None:
        own = serve()
        beside = serve("127.0.0.2", own.port)
        own.acts["/a"] = acts.answer(200, Content_Type="application/zip")
        own.acts["/b"] = acts.redirect(beside.url("/", host="127.0.0.2"))
        follower = Follower(own.url("", host="127.0.0.1"), limits=fast)
        good = look(follower, to(own.url("/a", host="127.0.0.1"), own=True))
        led_astray = look(follower, to(own.url("/b", host="127.0.0.1"), own=True))
        assert (good.status, led_astray.outcome) == (200, Outcome.PRIVATE)
        assert beside.seen == []


class TestPages:
    @pytest.mark.parametrize(
        ("body", "is_page", "asks"),
        [
            (PAGE, True, False),
            (b"\xef\xbb\xbf\n<!-- x -->\n<HTML lang=fr>", True, False),
            (b'<?xml version="1.0"?>\n<html>', True, False),
            (LOGIN, True, True),
            (b"PK\x03\x04 <html>", False, False),
            (b"", False, False),
            (b"<input " * 9000, False, False),
        ],
    )
    def test_are_known_by_their_beginning(
        self, body, is_page, asks, server, acts, follower, to
    ) -> None:
        server.acts["/a"] = acts.answer(200, body, Content_Type="")
        found = look(follower, to(server.url("/a"), media_types=ZIP))
        assert (found.is_page, found.asks_password) == (is_page, asks)

    def test_a_page_to_log_in_instead_of_a_file(
        self, server, acts, follower, to
    ) -> None:
        server.acts["/a.zip"] = acts.redirect("/cas/login?service=a")
        server.acts["/cas/login"] = acts.answer(200, LOGIN, Content_Type="text/html")
        link = to(server.url("/a.zip"), media_types=ZIP)
        assert judge(link, look(follower, link)).code == "link.login"
