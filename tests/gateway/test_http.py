"""HTTP ends always, and is repeated only where that is safe."""

from __future__ import annotations

import base64
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from gateway.outlets.http import (
    ATTEMPTS,
    LONGEST_PAUSE,
    HttpClient,
    LoginRefused,
    OutcomeUnclear,
    Pacing,
    shown,
)
from gateway.outlets.pacing import Halt, Interrupted
from metadata.errors import OutletUnreachable
from providers.configuration import Secret

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REPEATED = [408, 425, 429, 500, 502, 503, 504]


@pytest.fixture
def pauses() -> list[float]:
    """Seconds that would have been waited; nobody waits."""
    return []


@pytest.fixture
def client(pauses: list[float]):
    pacing = Pacing(sleep=pauses.append, jitter=lambda a, b: b, now=lambda: NOW)
    made = HttpClient(timeout=0.3, pacing=pacing)
    yield made
    made.close()


class TestAsking:
    @pytest.mark.parametrize("status", REPEATED)
    def test_is_repeated_after_a_passing_error(
        self, status: int, client, faulty, acts, pauses
    ) -> None:
        faulty.then("", acts.answer(status), acts.answer(status))
        faulty.then("", acts.answer(200, b"well"))
        assert client.ask(faulty.url).content == b"well"
        assert pauses == [0.5, 1.0]

    @pytest.mark.parametrize("act", ["drop", "dribble"])
    def test_is_repeated_after_a_broken_connection(
        self, act: str, client, faulty, acts
    ) -> None:
        faulty.then("", getattr(acts, act), acts.answer(200, b"well"))
        assert client.ask(faulty.url, body=b"<question/>").content == b"well"

    def test_gives_up_after_a_few_attempts(self, client, faulty, acts, pauses) -> None:
        faulty.always("", acts.answer(500, b"<h1>Erreur interne</h1>"))
        with pytest.raises(OutletUnreachable, match="Erreur interne"):
            client.ask(faulty.url)
        assert len(faulty.seen) == ATTEMPTS
        assert len(pauses) == ATTEMPTS - 1

    def test_ends_when_nobody_answers(self, client, faulty, acts) -> None:
        faulty.always("", acts.hang(1.0))
        with pytest.raises(OutletUnreachable, match="no answer in time"):
            client.ask(faulty.url)

    def test_ends_when_nobody_listens(self, client) -> None:
        with pytest.raises(OutletUnreachable, match="no connection"):
            client.ask("http://127.0.0.1:9/csw")

    def test_waits_as_long_as_it_is_asked_to(
        self, client, faulty, acts, pauses
    ) -> None:
        faulty.then("", acts.answer(503, Retry_After="7"), acts.answer(200))
        client.ask(faulty.url)
        assert pauses == [7.0]

    def test_waits_until_the_moment_it_is_asked_to(
        self, client, faulty, acts, pauses
    ) -> None:
        moment = format_datetime(NOW + timedelta(seconds=9), usegmt=True)
        faulty.then("", acts.answer(503, Retry_After=moment), acts.answer(200))
        client.ask(faulty.url)
        assert pauses == [9.0]

    @pytest.mark.parametrize("asked", ["soon", "-3", "", "1e9"])
    def test_takes_no_notice_of_a_wait_that_is_none(
        self, asked: str, client, faulty, acts, pauses
    ) -> None:
        faulty.then("", acts.answer(503, Retry_After=asked), acts.answer(200))
        client.ask(faulty.url)
        assert pauses == [0.5]

    def test_does_not_wait_for_hours(self, client, faulty, acts, pauses) -> None:
        later = str(int(LONGEST_PAUSE) + 1)
        faulty.always("", acts.answer(503, Retry_After=later))
        with pytest.raises(OutletUnreachable) as caught:
            client.ask(faulty.url)
        assert pauses == []
        assert len(faulty.seen) == 1
        assert later in caught.value.hint

    @pytest.mark.parametrize("status", [401, 403, 407])
    def test_says_that_the_login_is_refused(
        self, status: int, client, faulty, acts
    ) -> None:
        faulty.always("", acts.answer(status))
        with pytest.raises(LoginRefused) as caught:
            client.ask(faulty.url)
        assert "password" in caught.value.hint
        assert len(faulty.seen) == 1

    @pytest.mark.parametrize("status", [404, 410])
    def test_says_that_there_is_nothing(
        self, status: int, client, faulty, acts
    ) -> None:
        faulty.always("", acts.answer(status))
        with pytest.raises(OutletUnreachable, match="nothing at this address"):
            client.ask(faulty.url)
        assert len(faulty.seen) == 1

    def test_follows_nobody_elsewhere_with_its_login(
        self, client, faulty, acts
    ) -> None:
        elsewhere = "https://me:pw@else.example/csw?x=1"
        faulty.always("", acts.answer(302, Location=elsewhere))
        with pytest.raises(
            OutletUnreachable, match=r"https://else\.example/csw"
        ) as caught:
            client.ask(faulty.url)
        assert "pw" not in str(caught.value)

    def test_hands_other_answers_on(self, client, faulty, acts) -> None:
        faulty.always("", acts.answer(400, b"<why/>"))
        answer = client.ask(faulty.url)
        assert (answer.status, answer.content) == (400, b"<why/>")


class TestTelling:
    def test_is_done_once_and_never_repeated(self, client, faulty, acts) -> None:
        for act in (acts.drop, acts.answer(503), acts.hang(1.0)):
            faulty.seen.clear()
            faulty.then("", act)
            with pytest.raises(OutcomeUnclear):
                client.tell(faulty.url, b"<order/>")
            assert len(faulty.seen) == 1

    def test_hands_a_server_s_own_error_on(self, client, faulty, acts) -> None:
        faulty.always("", acts.answer(500, b"<ExceptionReport/>"))
        assert client.tell(faulty.url, b"<order/>").content == b"<ExceptionReport/>"

    def test_says_clearly_that_nothing_was_done_without_a_login(
        self, client, faulty, acts
    ) -> None:
        faulty.always("", acts.answer(401))
        with pytest.raises(LoginRefused):
            client.tell(faulty.url, b"<order/>")


def test_a_login_is_sent_whatever_its_letters_and_never_shown(faulty, acts) -> None:
    sent = []

    def act(handler, body):
        sent.append(handler.headers["Authorization"])
        acts.answer(500, b"oh")(handler, body)

    faulty.always("", act)
    secret = "mot de passe œ€漢"
    client = HttpClient(
        user="é",
        password=Secret(secret),
        timeout=1,
        pacing=Pacing(sleep=lambda _: None),
    )
    with pytest.raises(OutletUnreachable) as caught:
        client.ask(faulty.url)
    client.close()
    scheme, _, token = sent[0].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(token).decode() == f"é:{secret}"
    said = f"{caught.value!r} {caught.value} {caught.value.hint}"
    assert secret not in said


def test_an_address_is_shown_without_what_is_secret_in_it() -> None:
    assert (
        shown("https://me:pw@h.example:8443/csw?token=s")
        == "https://h.example:8443/csw"
    )


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def pacing(self, rate: float) -> Pacing:
        return Pacing(
            sleep=self.wait,
            clock=lambda: self.seconds,
            jitter=lambda a, b: 0.0,
            now=lambda: NOW,
            rate=rate,
        )


class TestRate:
    @pytest.mark.parametrize(
        ("rate", "requests", "seconds"),
        [(10.0, 10, 0.0), (10.0, 35, 2.5), (2.0, 7, 2.5), (0.2, 4, 15.0), (0.0, 9, 0)],
    )
    def test_is_kept_over_any_time_longer_than_a_second(
        self, rate: float, requests: int, seconds: float, faulty, acts
    ) -> None:
        clock = Clock()
        client = HttpClient(pacing=clock.pacing(rate))
        faulty.always("", acts.answer(200))
        for number in range(requests):
            if number % 2:
                client.tell(faulty.url, b"<order/>")
            else:
                client.ask(faulty.url)
        client.close()
        assert len(faulty.seen) == requests
        assert clock.seconds == pytest.approx(seconds)

    def test_holds_for_attempts_too(self, faulty, acts) -> None:
        clock = Clock()
        client = HttpClient(pacing=clock.pacing(1.0))
        faulty.then("", *[acts.answer(500)] * 3, acts.answer(200))
        client.ask(faulty.url)
        client.close()
        assert clock.seconds == pytest.approx(3.0)

    def test_lets_nothing_go_at_once_after_the_server_asked_for_a_pause(
        self, faulty, acts
    ) -> None:
        clock = Clock()
        client = HttpClient(pacing=clock.pacing(10.0))
        faulty.then("", acts.answer(429, Retry_After="7"))
        faulty.always("", acts.answer(200))
        client.ask(faulty.url)
        assert clock.seconds == pytest.approx(7.0)
        for _ in range(10):
            client.ask(faulty.url)
        client.close()
        assert clock.seconds == pytest.approx(8.0)

    def test_counts_the_requests_of_several_threads_together(
        self, faulty, acts
    ) -> None:
        client = HttpClient(pacing=Pacing(rate=40.0))
        faulty.always("", acts.answer(200))
        begun = time.monotonic()
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: client.ask(faulty.url), range(60)))
        client.close()
        assert len(faulty.seen) == 60
        assert time.monotonic() - begun >= (60 - 40) / 40

    def test_may_be_broken_off_while_it_waits(self, faulty, acts) -> None:
        halt = Halt()
        client = HttpClient(pacing=Pacing(sleep=halt.sleep, rate=0.01))
        faulty.always("", acts.answer(200))
        client.ask(faulty.url)
        halt.call()
        with pytest.raises(Interrupted):
            client.ask(faulty.url)
        client.close()
        assert len(faulty.seen) == 1


class TestSession:
    def test_a_request_may_have_headers_of_its_own(self, client, faulty, acts) -> None:
        seen: list[str] = []

        def act(handler, body: bytes) -> None:
            seen.append(handler.headers["Accept"])
            seen.append(handler.headers.get("Content-Type", ""))
            acts.answer(200, b"well")(handler, body)

        faulty.always("", act)
        client.ask(faulty.url, headers={"Accept": "application/json"})
        client.tell(faulty.url, b"{}", headers={"Content-Type": "application/json"})
        assert seen == ["application/json", "", "*/*", "application/json"]

    def test_cookies_are_sent_back_read_and_forgotten(
        self, client, faulty, acts
    ) -> None:
        seen: list[str] = []

        def act(handler, body: bytes) -> None:
            seen.append(handler.headers.get("Cookie", ""))
            acts.answer(200, b"", Set_Cookie=f"TOKEN={len(seen)}")(handler, body)

        faulty.always("", act)
        assert client.cookie("TOKEN") == ""
        client.ask(faulty.url)
        client.ask(faulty.url)
        assert client.cookie("TOKEN") == "2"
        client.forget_cookies()
        client.ask(faulty.url)
        assert seen == ["", "TOKEN=1", ""]
