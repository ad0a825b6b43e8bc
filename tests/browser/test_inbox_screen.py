"""The inbox in Chromium: keys, answering and undoing, news that moves nothing, narrow screens, and who listens instead of looking."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from inbox.channels.models import Channel
from inbox.conversations.models import Conversation, ConversationState, Message
from inbox.conversations.viewers import look_in
from inbox.database import Database
from inbox.labels.models import Label, Tag
from inbox.live import publish
from inbox.pages.access import COOKIE_KEY
from inbox.teams.models import Teammate, Workspace
from inbox.teams.sign_in import sign_in
from tests.making import hear_from_outside, make_channel, make_conversation, make_teammate

pytestmark = pytest.mark.browser


@pytest.fixture
def house(app: Any, valkey_url: str) -> Database:
    """The application's database, with five conversations "number 1" (newest) to "number 5"."""
    database: Database = app.extensions["trellis"].database
    with database.writing() as session:
        channel = make_channel(session, name="@garden")
        for number in (5, 4, 3, 2, 1):
            conversation = make_conversation(
                session, channel, (f"This is number {number}",), author_name=f"number {number}"
            )
            message = session.scalars(sa.select(Message).where(Message.conversation_id == conversation.id)).one()
            session.add(
                Label(message_id=message.id, primary=Tag.QUESTION, tags="question", question=0.8, model_version="t")
            )
    return database


@pytest.fixture
def inbox(app: Any, house: Database, address: str, page: Page) -> Iterator[Page]:
    """A manager's browser with the list open. Nothing may be said on the console."""
    with house.writing() as session:
        session.add(Workspace(id=1, name="Garden", language="en", time_zone="Europe/Berlin"))
        token = sign_in(session, make_teammate(session, "Mo"), "test")
    cookie = app.session_interface.get_signing_serializer(app).dumps({COOKIE_KEY: token})
    page.context.add_cookies([{"name": "trellis", "value": cookie, "url": address}])
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{address}/conversations")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    yield page
    # A refusal (409) and a missing stream (503) are meant; Chromium notes them.
    assert [words for words in said if "409" not in words and "503" not in words] == []
    page.goto("about:blank")  # ends its stream, which holds a thread of the server


def open_first(inbox: Page) -> None:
    inbox.locator("#rows .row a").first.click()
    expect(inbox.locator("#thread h1")).to_have_text("number 1")


def state_of(house: Database, author: str) -> str:
    with house.reading() as session:
        return session.scalars(sa.select(Conversation.state).where(Conversation.author_name == author)).one()


def test_the_day_goes_by_keys_alone(inbox: Page, house: Database) -> None:
    inbox.keyboard.press("j")
    inbox.keyboard.press("j")
    inbox.keyboard.press("Enter")
    expect(inbox.locator("#thread h1")).to_have_text("number 2")
    inbox.keyboard.press("3")
    expect(inbox.locator(".choice-idea")).to_have_attribute("aria-pressed", "true")
    inbox.keyboard.press("e")
    expect(inbox.locator("#thread h1")).to_have_text("number 3")
    assert state_of(house, "number 2") == ConversationState.CLOSED
    inbox.keyboard.press("z")
    expect(inbox.locator("#thread h1")).to_have_text("number 2")
    assert state_of(house, "number 2") == ConversationState.OPEN
    inbox.keyboard.press("?")
    expect(inbox.locator("#keys")).to_be_visible()
    inbox.keyboard.press("Escape")
    inbox.keyboard.press("g")
    inbox.keyboard.press("m")
    expect(inbox).to_have_url(re.compile("view=mine$"))


def test_keys_rest_while_somebody_types(inbox: Page, house: Database) -> None:
    open_first(inbox)
    inbox.keyboard.press("r")
    inbox.keyboard.type("see e1?")
    expect(inbox.locator("#composer-text")).to_have_value("see e1?")
    assert state_of(house, "number 1") == ConversationState.OPEN
    expect(inbox.locator("#keys")).to_be_hidden()


def test_an_answer_is_sent_and_taken_back(inbox: Page) -> None:
    open_first(inbox)
    inbox.keyboard.press("r")
    inbox.keyboard.type("Behind the shed.")
    inbox.keyboard.press("Control+Enter")
    expect(inbox.locator(".message-out")).to_contain_text("leaves in")
    expect(inbox.locator("#composer-text")).to_have_value("")
    inbox.keyboard.press("z")
    expect(inbox.locator(".message-out")).to_have_count(0)
    expect(inbox.locator("#composer-text")).to_have_value("Behind the shed.")


def test_a_draft_survives_the_browser(inbox: Page) -> None:
    open_first(inbox)
    inbox.locator("#composer-text").fill("half a thought")
    expect(inbox.locator("#draft-state")).to_have_text("Draft saved")
    inbox.reload()
    expect(inbox.locator("#composer-text")).to_have_value("half a thought")


def test_whoever_is_overtaken_is_told_and_keeps_the_text(inbox: Page, house: Database) -> None:
    open_first(inbox)
    inbox.locator("#composer-text").fill("Try the shed")
    with house.writing() as session:
        conversation = session.scalars(sa.select(Conversation).where(Conversation.author_name == "number 1")).one()
        hear_from_outside(session, conversation, "Found it myself")
        publish(session, "conversations", conversation.id)
    expect(inbox.locator("#moved-on")).to_be_visible()
    expect(inbox.locator("#messages")).to_contain_text("Found it myself")
    inbox.locator("#composer-text").press("Control+Enter")
    expect(inbox.locator(".composer [role=alert]")).to_contain_text("Your text is kept")
    expect(inbox.locator("#composer-text")).to_have_value("Try the shed")


def test_news_waits_behind_a_pill_and_moves_nothing(inbox: Page, house: Database) -> None:
    expect(inbox.locator("#rows .row")).to_have_count(5)
    first = inbox.locator("#rows .row").first
    before = first.bounding_box()
    with house.writing() as session:
        channel = session.scalars(sa.select(Channel)).one()
        fresh = make_conversation(session, channel, ("Just now",), author_name="newcomer")
        publish(session, "conversations", fresh.id)
    expect(inbox.locator("#news")).to_have_text("Show 1 new")
    expect(inbox.locator("#rows .row")).to_have_count(5)
    after = first.bounding_box()
    assert before
    assert after
    assert (before["x"], before["y"]) == (after["x"], after["y"])
    inbox.locator("#news").click()
    expect(inbox.locator("#rows .row").first).to_contain_text("newcomer")


def test_without_a_stream_it_looks_by_itself_and_says_so(inbox: Page, house: Database) -> None:
    inbox.clock.install()
    inbox.route("**/live?*", lambda route: route.fulfill(status=503))
    inbox.reload()
    expect(inbox.locator("#connection")).to_contain_text("every 15 seconds")
    with house.writing() as session:
        channel = session.scalars(sa.select(Channel)).one()
        publish(session, "conversations", make_conversation(session, channel, ("Just now",), author_name="late").id)
    inbox.clock.run_for(16_000)
    expect(inbox.locator("#news")).to_have_text("Show 1 new")


def test_on_a_phone_one_pane_shows_at_a_time(inbox: Page) -> None:
    inbox.set_viewport_size({"width": 390, "height": 844})
    expect(inbox.locator("#list")).to_be_visible()
    expect(inbox.locator("#thread")).to_be_hidden()
    open_first(inbox)
    expect(inbox.locator("#list")).to_be_hidden()
    inbox.locator("[data-leave]").click()
    expect(inbox.locator("#list")).to_be_visible()
    inbox.locator('a[href="#views"]').click()
    inbox.locator("#views").get_by_role("link", name="All").click()
    expect(inbox.locator("#views")).to_be_hidden()
    assert inbox.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = inbox.evaluate(
        """() => [...document.querySelectorAll("button, summary, .nav a, input:not([type=hidden])")]
          .filter((e) => e.getClientRects().length && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)"""
    )
    assert small == []


def test_everything_works_without_scripts(inbox: Page, address: str, house: Database) -> None:
    browser = inbox.context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies([{"name": "trellis", "value": inbox.context.cookies()[0]["value"], "url": address}])
    page = plain.new_page()
    page.goto(f"{address}/conversations")
    page.get_by_role("link", name="number 1").click()
    page.locator("#composer-text").fill("Without scripts")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".message-out")).to_contain_text("Without scripts")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#composer-text")).to_have_value("Without scripts")
    page.get_by_role("button", name="Done").click()
    assert state_of(house, "number 1") == ConversationState.CLOSED
    plain.close()


def test_an_answer_that_was_taken_back_is_written_on_at_once(inbox: Page, address: str) -> None:
    inbox.goto(f"{address}/conversations/1")
    inbox.locator("#composer-text").fill("Too early")
    inbox.get_by_role("button", name="Send").click()
    inbox.get_by_role("button", name="Undo").click()
    expect(inbox.locator("#composer-text")).to_be_focused()
    inbox.keyboard.type(", now done")
    expect(inbox.locator("#composer-text")).to_have_value("Too early, now done")


def test_a_slow_draft_does_not_come_back_after_the_answer(inbox: Page, address: str) -> None:
    def late(route: Route) -> None:
        inbox.wait_for_timeout(500)
        route.fulfill(response=route.fetch())  # reaches the server whatever has become of the page's wish

    inbox.route("**/drafts", late)
    inbox.goto(f"{address}/conversations/1")
    inbox.locator("#composer-text").fill("Only once")
    inbox.get_by_role("button", name="Send").click()
    expect(inbox.get_by_role("button", name="Undo")).to_be_visible()
    inbox.wait_for_timeout(1_000)  # long enough for what is still under way
    inbox.goto(f"{address}/conversations/1")
    expect(inbox.locator("#composer-text")).to_have_value("")
    expect(inbox.locator("#messages")).to_contain_text("Only once")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_people_who_listen_or_see_little_can_use_it(inbox: Page, address: str, scheme: str, width: int) -> None:
    inbox.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    inbox.set_viewport_size({"width": width, "height": 800})
    for path in ("/conversations", "/conversations/1", "/conversations?tag=troll"):
        inbox.goto(address + path)
        report = Axe().run(inbox)
        assert report.violations_count == 0, report.generate_report()


def test_a_row_that_changes_but_stays_does_not_fade(inbox: Page, house: Database) -> None:
    open_first(inbox)
    inbox.keyboard.press("4")
    row = inbox.locator("#rows .row").first
    expect(row.locator(".tag-troll")).to_be_visible()
    looks = inbox.expect_response(lambda answer: answer.request.headers.get("x-fragment") == "list")
    with looks, house.writing() as session:
        publish(session, "conversations", 1)
    inbox.wait_for_timeout(1_000)  # for the look after one's own act, too
    expect(inbox.locator("#rows .row.gone")).to_have_count(0)


def test_escape_closes_a_menu_and_leaves_the_conversation_open(inbox: Page) -> None:
    open_first(inbox)
    inbox.keyboard.press("s")
    expect(inbox.locator("[data-menu=snooze]")).to_have_attribute("open", "")
    expect(inbox.locator("[data-menu=snooze] button").first).to_be_focused()
    inbox.keyboard.press("Escape")
    expect(inbox.locator("[data-menu=snooze]")).not_to_have_attribute("open", "")
    expect(inbox.locator("#thread h1")).to_have_text("number 1")


def test_more_than_a_page_is_worked_off_and_grows_without_false_news(inbox: Page, house: Database) -> None:
    with house.writing() as session:
        channel = session.scalars(sa.select(Channel)).one()
        for number in range(55):
            make_conversation(session, channel, (f"Leaf {number}",), author_name=f"leaf {number}")
    inbox.reload()
    rows, gone = inbox.locator("#rows .row"), inbox.locator("#rows .row.gone")
    expect(rows).to_have_count(50)
    rows.first.locator("a").click()
    expect(inbox.locator("#thread h1")).to_have_text("leaf 54")
    inbox.keyboard.press("r")
    inbox.keyboard.type("Behind the shed.")
    inbox.keyboard.press("Control+Enter")
    expect(gone).to_contain_text("leaf 54")
    expect(rows).to_have_count(51)  # the next page's first has moved up; it is no news
    expect(inbox.locator("#news")).to_be_hidden()
    with house.writing() as session:
        channel = session.scalars(sa.select(Channel)).one()
        publish(session, "conversations", make_conversation(session, channel, ("New",), author_name="newcomer").id)
    expect(inbox.locator("#news")).to_have_text("Show 1 new")
    expect(gone).to_have_count(1)  # and who was pushed to the next page still waits


def test_what_is_open_in_a_thread_does_not_move_it(inbox: Page, house: Database) -> None:
    inbox.set_viewport_size({"width": 1280, "height": 500})
    inbox.route("**/reasons", lambda route: route.fulfill(body="<p>a word</p>" * 60))
    open_first(inbox)
    inbox.keyboard.press("w")
    expect(inbox.get_by_text("a word").first).to_be_visible()
    inbox.keyboard.press("r")
    inbox.keyboard.type("Behind the shed.")
    inbox.keyboard.press("Control+Enter")
    expect(inbox.get_by_role("button", name="Undo")).to_be_in_viewport()
    with house.writing() as session:
        publish(session, "conversations", 5)
    inbox.wait_for_timeout(1_000)  # news are gathered for a moment before the thread is looked at
    expect(inbox.get_by_role("button", name="Undo")).to_be_in_viewport()


def test_a_colleague_who_comes_and_writes_is_seen_at_once(inbox: Page, house: Database) -> None:
    open_first(inbox)
    with house.reading() as session:
        number = session.scalars(sa.select(Conversation.id).where(Conversation.author_name == "number 1")).one()
    look_in(number, Teammate(id=99, name="Bo"), typing=True)
    expect(inbox.get_by_text("Bo is writing here right now.")).to_be_visible()


def test_a_key_does_nothing_when_the_chosen_conversation_does_not_come(inbox: Page, house: Database) -> None:
    open_first(inbox)
    inbox.route("**/conversations/*", lambda route: route.fulfill(status=503, body="The server hung up."))
    inbox.keyboard.press("j")
    inbox.keyboard.press("e")
    expect(inbox.locator(".toast")).to_have_text("The server hung up.")
    inbox.unroute("**/conversations/*")
    inbox.locator("#rows .row", has_text="number 4").locator("a").first.click()
    expect(inbox.locator("#thread h1")).to_have_text("number 4")
    assert [state_of(house, f"number {number}") for number in (1, 2, 4)] == [ConversationState.OPEN] * 3


def test_what_could_not_be_sent_is_kept_as_a_draft(inbox: Page) -> None:
    open_first(inbox)
    inbox.route("**/replies", lambda route: route.fulfill(status=503, body="The server hung up."))
    inbox.locator("#composer-text").fill("half a thought")
    inbox.locator("#composer-text").press("Control+Enter")
    expect(inbox.locator(".toast")).to_have_text("The server hung up.")
    expect(inbox.locator("#draft-state")).to_have_text("Draft saved")
    inbox.reload()
    expect(inbox.locator("#composer-text")).to_have_value("half a thought")
