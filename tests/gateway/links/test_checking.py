"""Many links: politely, side by side, and within the time there is."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.links.checking import check_links
from metadata.links import LinkHistory, Outcome

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def known_at(url: str, moment: datetime) -> LinkHistory:
    return LinkHistory(url=url, checked_at=moment, code="good", case="", status=200)


def slowly(handler) -> None:
    time.sleep(0.1)
    handler.answer(200)


def test_a_server_is_asked_one_thing_at_a_time_with_a_pause(
    server, make_follower, fast, to
) -> None:
    paths = [f"/{number}" for number in range(4)]
    server.acts.update(dict.fromkeys(paths, slowly))
    follower = make_follower(limits=replace(fast, pause=0.1))
    before = time.monotonic()
    found = check_links(follower, [to(server.url(p)) for p in paths], known={})
    assert {each.status for each in found.values()} == {200}
    assert server.most_busy == 1
    assert time.monotonic() - before >= 4 * 0.1 + 3 * 0.1


def test_servers_are_asked_side_by_side(server, follower, to) -> None:
    server.acts["/"] = slowly
    hosts = ("public.example", "other.example")
    found = check_links(follower, [to(server.url("/", h)) for h in hosts], known={})
    assert len(found) == 2
    assert server.most_busy == 2


def test_our_own_service_is_asked_several_things_at_a_time(
    server, make_follower, to
) -> None:
    paths = [f"/{number}" for number in range(8)]
    server.acts.update(dict.fromkeys(paths, slowly))
    follower = make_follower(server.url(""))
    check_links(follower, [to(server.url(p), own=True) for p in paths], known={})
    assert 2 <= server.most_busy <= 4


def test_an_address_of_many_datasets_is_asked_for_once(
    server, acts, follower, to
) -> None:
    server.acts["/"] = acts.answer(200, Content_Type="application/pdf")
    links = [to(server.url(), dataset_id=f"jeu-{n}") for n in range(50)]
    assert len(check_links(follower, links, known={})) == 1
    assert server.seen == [("HEAD", "/")]


def test_a_server_that_is_away_is_let_be_after_two_links(
    serve, make_follower, fast, to
) -> None:
    gone = serve()
    urls = [gone.url(f"/{n}", host="silent.example") for n in range(300)]
    follower = make_follower(limits=replace(fast, pause=0.05))
    before = time.monotonic()
    found = check_links(follower, map(to, urls), known={})
    assert {each.outcome for each in found.values()} == {Outcome.NO_CONNECTION}
    assert set(found) == set(urls)
    assert time.monotonic() - before < 3


def test_a_server_that_asks_for_a_pause_gets_it(server, acts, follower, to) -> None:
    urls = [server.url(f"/{n}") for n in range(20)]
    server.acts.update({f"/{n}": acts.answer(429, Retry_After="60") for n in range(20)})
    found = check_links(follower, map(to, urls), known={})
    assert {each.status for each in found.values()} == {429}
    assert len(server.seen) == 1


def test_what_there_is_no_time_for_is_left_and_comes_first_next_time(
    server, make_follower, fast, to
) -> None:
    server.acts.update(dict.fromkeys(("/old", "/new", "/never"), slowly))
    ages = {"/new": NOW, "/old": NOW - timedelta(days=9)}
    known = {server.url(p): known_at(server.url(p), m) for p, m in ages.items()}
    follower = make_follower(limits=replace(fast, run=0.15))
    links = [to(server.url(path)) for path in ("/new", "/old", "/never")]
    found = check_links(follower, links, known=known)
    asked = [path for _, path in server.seen]
    assert asked[0] == "/never"
    assert found[server.url("/new")].outcome is Outcome.UNASKED
    assert "/new" not in asked


def test_progress_is_told(server, follower, to) -> None:
    told = []
    links = [to(server.url(f"/{n}")) for n in range(3)]
    check_links(follower, links, known={}, progress=lambda *each: told.append(each))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_no_links_are_no_work(follower) -> None:
    assert check_links(follower, [], known={}) == {}
