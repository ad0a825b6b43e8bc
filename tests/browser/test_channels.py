"""Channels in Chromium, in both languages: chosen, connected, signed in to, and looked into; on a phone; without scripts."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from babel.dates import format_date
from playwright.sync_api import Page, expect

from inbox.channels.models import Channel, ChannelState, LedgerDay, Stream
from inbox.channels.pace import SharedPace
from inbox.clock import now
from inbox.connectors.contract import BadItem, Batch, Deletion
from inbox.conversations.ingest import ingest
from inbox.database import Database
from inbox.teams.models import Workspace
from tests.consented import SECRET, Platform, platform
from tests.incoming import batch_of, written
from tests.making import make_channel

pytestmark = pytest.mark.browser

FEED = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Garten-Forum</title><id>urn:f</id>
<entry><id>urn:1</id><title>Die Pumpe leckt</title><updated>2026-11-20T10:00:00Z</updated><author><name>Mia</name></author>
<content>Seit gestern.</content></entry></feed>"""
WORDS = {
    "de": {
        "none": "Keine Plattform mit diesem Namen",
        "guide": "So ist zu bekommen, was hier gefragt ist",
        "test": "Verbindung testen",
        "connect": "Verbinden",
        "works": "Die Verbindung steht",
        "listening": "hört zu",
        "ledger": "Buchführung",
        "budget": "Kontingent",
        "can": "Was dort möglich ist",
        "stored": "Gespeichert am",
        "aside": "Beiseitelegen",
        "empty": "Nichts in Quarantäne",
        "came": "Was zuletzt kam",
        "save": "Speichern, dann anmelden",
        "waits": "wartet auf Anmeldung",
        "sign in": "Bei Consented anmelden",
        "connected": "@g-1 ist verbunden.",
    },
    "en": {
        "none": "No platform of that name",
        "guide": "How to get what is asked for here",
        "test": "Test the connection",
        "connect": "Connect",
        "works": "The connection works",
        "listening": "listening",
        "ledger": "Ledger",
        "budget": "Budget",
        "can": "What can be done there",
        "stored": "Stored on",
        "aside": "Set aside",
        "empty": "Nothing in quarantine",
        "came": "What came last",
        "save": "Save, then sign in",
        "waits": "waits for sign-in",
        "sign in": "Sign in at Consented",
        "connected": "@g-1 is connected.",
    },
}
both_languages = pytest.mark.parametrize("language", ["de", "en"])


@pytest.fixture(autouse=True)
def nearby(monkeypatch: pytest.MonkeyPatch) -> None:
    """The platforms of these tests run on this machine."""
    monkeypatch.setenv("TRELLIS_ALLOW_PRIVATE_ADDRESSES", "true")


@pytest.fixture
def house(app: Any, valkey_url: str) -> Database:
    """The application's database with one channel: two were stored, one of them edited, one is gone, and one is bad."""
    database: Database = app.extensions["trellis"].database
    with database.writing() as session:
        session.add(Workspace(id=1, name="Garden", language="en", time_zone="Europe/Berlin"))
        channel = make_channel(session, name="@garden", account_name="@garden@social.example", scopes="read write")
        session.add(Stream(channel_id=channel.id, name="mentions", last_success_at=now(), due_at=now()))
        bad = [BadItem("odd", '{"id": 9}', "9")]
        ingest(
            session, channel, "mentions", batch_of(written("1", "First", raw={"id": 1}), written("2", "Two"), bad=bad)
        )
        ingest(session, channel, "mentions", batch_of(written("1", "Better", raw={"id": 1}, edited_at=now())))
        ingest(session, channel, "mentions", Batch(deletions=[Deletion("2", now() - timedelta(days=9))]))
        SharedPace(channel.id, ()).learn("", remaining=290, limit=300, reset_seconds=300)
    return database


@pytest.fixture
def feed() -> Iterator[str]:
    """The address of a feed with one entry."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/atom+xml")
            self.end_headers()
            self.wfile.write(FEED)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/feed"
    server.shutdown()
    server.server_close()


@pytest.fixture
def consented(app: Any, address: str) -> Iterator[Platform]:
    """A platform that asks a person, and sends them back to where this application answers."""
    there = app.extensions["trellis"]
    settings = there.settings.model_copy(update={"public_url": address})
    app.extensions["trellis"] = replace(there, settings=settings)
    with platform() as running:
        yield running


def states(house: Database) -> list[ChannelState]:
    with house.reading() as session:
        return list(session.scalars(sa.select(Channel.state).order_by(Channel.id)))


@both_languages
def test_a_platform_is_found_by_typing_and_says_how_to_get_its_key(at: Callable[..., Page], language: str) -> None:
    words = WORDS[language]
    page = at("/channels/new", language)
    cards = page.locator(".kinds > li:visible")
    everything = cards.count()
    search = page.get_by_role("searchbox")
    search.fill("google play")
    expect(cards).to_have_count(1)
    expect(page.get_by_text(words["none"])).to_be_hidden()
    search.fill("google pigeon")
    expect(cards).to_have_count(0)
    expect(page.get_by_text(words["none"])).to_be_visible()
    search.fill("")
    expect(cards).to_have_count(everything)
    page.get_by_role("link", name="Google Play").click()
    expect(page.get_by_role("heading", name="Google Play", level=1)).to_be_visible()
    guide = page.locator(".guide")
    expect(guide.locator("summary")).to_have_text(words["guide"])
    expect(guide.locator("li").first).to_be_visible()
    assert page.locator("textarea[name=service_account]").is_visible()


@both_languages
def test_a_feed_is_tried_before_anything_is_kept(
    at: Callable[..., Page], house: Database, feed: str, language: str
) -> None:
    words = WORDS[language]
    page = at("/channels/new?kind=rss", language)
    page.locator("[name=url]").fill(feed)
    page.get_by_role("button", name=words["test"]).click()
    expect(page.get_by_role("status").get_by_text(words["works"])).to_be_visible()
    expect(page.get_by_text("Die Pumpe leckt")).to_be_visible()
    assert len(states(house)) == 1
    page.get_by_role("button", name=words["connect"], exact=True).click()
    expect(page.get_by_role("heading", name="Garten-Forum")).to_be_visible()
    expect(page.locator(".page-head .word")).to_have_text(words["listening"])
    assert states(house) == [ChannelState.ACTIVE, ChannelState.ACTIVE]


@both_languages
def test_the_page_of_a_channel_leads_to_all_it_counts(at: Callable[..., Page], house: Database, language: str) -> None:
    words = WORDS[language]
    page = at("/channels", language)
    page.locator("main").get_by_role("link", name="@garden").click()
    for section in ("budget", "ledger", "can", "came"):
        expect(page.get_by_role("heading", name=words[section], exact=True)).to_be_visible()
    day = page.locator(".table-days tbody tr")
    with house.reading() as session:
        today = format_date(session.scalars(sa.select(LedgerDay.day)).one(), "medium", locale=language)
    expect(day.locator("td")).to_have_text([today, "5", "2", "1", "0", "1", "1", "1"])
    day.get_by_role("link").nth(0).click()
    expect(page.get_by_role("heading", name=f"{words['stored']} {today}")).to_be_visible()
    expect(page.get_by_text("Better")).to_be_visible()
    page.go_back()
    day.get_by_role("link").nth(1).click()
    expect(page.get_by_text("odd", exact=True)).to_be_visible()
    page.get_by_role("button", name=words["aside"]).click()
    expect(page.get_by_text(words["empty"])).to_be_visible()
    page.wait_for_load_state()  # this was a whole new page, whose scripts come after its words
    page.keyboard.press("z")
    expect(page.get_by_text("odd", exact=True)).to_be_visible()


@both_languages
def test_signing_in_leads_to_the_platform_and_back(
    at: Callable[..., Page], house: Database, consented: Platform, language: str
) -> None:
    words = WORDS[language]
    page = at("/channels/new?kind=consented", language)
    for name, value in (("server", consented.address), ("client_id", "trellis"), ("client_secret", SECRET)):
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name=words["save"]).click()
    expect(page.locator(".page-head .word")).to_have_text(words["waits"])
    page.get_by_role("button", name=words["sign in"]).click()
    # The platform's page consents at once and sends back.
    expect(page.locator(".toast")).to_contain_text(words["connected"])
    expect(page.locator(".page-head .word")).to_have_text(words["listening"])
    assert states(house)[1] == ChannelState.ACTIVE
    assert consented.refusals == []


def test_it_works_without_scripts(at: Callable[..., Page], house: Database, feed: str, address: str) -> None:
    page = at("/channels")
    assert page.context.browser
    quiet = page.context.browser.new_context(java_script_enabled=False)
    quiet.add_cookies([{"name": "trellis", "value": page.context.cookies()[0]["value"], "url": address}])
    plain = quiet.new_page()
    plain.goto(f"{address}/channels/new")
    plain.get_by_role("searchbox").fill("atom")
    plain.get_by_role("button", name="Find").click()
    expect(plain.locator(".kinds > li")).to_have_count(1)
    plain.locator(".kinds a").click()
    plain.locator("[name=url]").fill(feed)
    plain.get_by_role("button", name="Connect", exact=True).click()
    expect(plain.get_by_role("heading", name="Garten-Forum")).to_be_visible()
    plain.goto(f"{address}/channels/1/quarantine")
    plain.get_by_role("button", name="Set aside").click()
    plain.get_by_role("button", name="Undo").click()
    expect(plain.get_by_text("odd", exact=True)).to_be_visible()
    quiet.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "language"), [(1280, "en"), (390, "de")])
def test_people_who_listen_or_see_little_can_use_it(
    at: Callable[..., Page], address: str, consented: Platform, scheme: str, width: int, language: str
) -> None:
    page = at("/channels", language)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    day = now().date().isoformat()
    for path in (
        "",
        "/new",
        "/new?kind=google_play",
        "/new?kind=consented",
        "/1",
        "/1/quarantine",
        f"/1/ledger/{day}/stored",
    ):
        page.goto(f"{address}/channels{path}")
        report = Axe().run(page)
        assert report.violations_count == 0, f"{path}: {report.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
