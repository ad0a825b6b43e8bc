"""The feed connector: asks only for what changed, and remembers what it has seen."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import Batch, NeedsPerson, Passing, Surroundings
from inbox.connectors.feed_reader import AT_ONCE
from inbox.connectors.rss import Rss, RssSetup


class Nothing:
    def load(self) -> dict[str, Any]:
        return {}

    def save(self, state: Mapping[str, Any]) -> None:
        raise AssertionError("a feed keeps no state")


def item(number: int) -> str:
    return f"<item><guid>g{number}</guid><title>t{number}</title></item>"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[httpx.Request], httpx.Response]], list[httpx.Request]]:
    def answering(answer: Callable[[httpx.Request], httpx.Response]) -> list[httpx.Request]:
        requests: list[httpx.Request] = []

        def handle(_self: object, request: httpx.Request) -> httpx.Response:
            requests.append(request)
            return answer(request)

        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)
        return requests

    return answering


def feed(*numbers: int, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    text = f"<rss><channel><title>T</title>{''.join(map(item, numbers))}</channel></rss>"
    return lambda _request: httpx.Response(200, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})


def poll(cursor: Any = None, **settings: str) -> list[Batch]:
    connector = Rss(RssSetup(**{"url": "https://a.example/feed", **settings}), Surroundings(Nothing()))
    return list(connector.poll("entries", cursor, None))


def test_only_what_changed_is_asked_for(site: Any) -> None:
    requests = site(feed(1, ETag='"v1"', Last_Modified="Sat, 21 Nov 2026 08:00:00 GMT"))
    cursor = poll()[-1].cursor
    requests = site(lambda _request: httpx.Response(304))
    assert poll(cursor) == []
    assert requests[0].headers["If-None-Match"] == '"v1"'
    assert requests[0].headers["If-Modified-Since"] == "Sat, 21 Nov 2026 08:00:00 GMT"


def test_the_oldest_entry_comes_first(site: Any) -> None:
    site(feed(3, 2, 1))
    assert [m.text for b in poll() for m in b.messages] == ["t1", "t2", "t3"]


def test_a_long_feed_that_is_cut_off_is_not_taken_for_read(site: Any) -> None:
    site(feed(*range(AT_ONCE * 2 + 5), ETag='"v1"'))
    connector = Rss(RssSetup(url="https://a.example/feed"), Surroundings(Nothing()))
    walk = connector.poll("entries", None, None)
    first = next(walk)
    walk.close()
    assert len(first.messages) == AT_ONCE
    assert "etag" not in first.cursor
    rest = poll(dict(first.cursor))
    assert sum(batch.fetched for batch in rest) == AT_ONCE + 5
    assert rest[-1].cursor["etag"] == '"v1"'


def test_a_password_stays_with_its_host(site: Any) -> None:
    requests = site(
        lambda request: (
            httpx.Response(302, headers={"Location": "https://b.example/feed"})
            if request.url.host == "a.example"
            else feed(1)(request)
        )
    )
    assert len(poll(user="ana", password="hunter2")) == 1
    assert requests[0].headers["Authorization"] == "Basic YW5hOmh1bnRlcjI="
    assert "Authorization" not in requests[1].headers


@pytest.mark.parametrize("status", [404, 410])
def test_a_feed_that_never_was_needs_a_person_and_one_that_was_may_come_back(site: Any, status: int) -> None:
    site(feed(1))
    cursor = poll()[-1].cursor
    site(lambda _request: httpx.Response(status))
    with pytest.raises(NeedsPerson, match="address of the feed"):
        poll()
    with pytest.raises(Passing):
        poll(cursor)


def test_the_connection_is_named_after_the_feed_and_shows_what_it_has(site: Any) -> None:
    site(feed(5, 4, 3, 2))
    account = Rss(RssSetup(url="a.example/feed"), Surroundings(Nothing())).check()
    assert account.name == "T"
    assert [message.text for message in account.latest] == ["t5", "t4", "t3"]


@pytest.mark.parametrize("url", ["", "ftp://a.example", "javascript:x", "http://"])
def test_an_address_that_is_none_is_refused_in_the_form(url: str) -> None:
    with pytest.raises(ValueError):
        RssSetup(url=url)
