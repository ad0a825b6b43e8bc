"""Answers that come in another order than they were asked for, in Chromium: who wished last is served, and nothing typed is lost."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect

from inbox.conversations.models import Conversation, ConversationState
from inbox.database import Database
from inbox.live import publish
from inbox.teams.models import Workspace
from tests.making import hear_from_outside, make_channel, make_conversation

pytestmark = pytest.mark.browser


@pytest.fixture
def house(app: Any, valkey_url: str) -> Database:
    """The application's database, with the conversations 3 (newest) to 1, each by "number N"."""
    database: Database = app.extensions["trellis"].database
    with database.writing() as session:
        session.add(Workspace(id=1, name="Garden", language="en", time_zone="Europe/Berlin"))
        channel = make_channel(session, name="@garden")
        for number in (1, 2, 3):
            make_conversation(session, channel, (f"This is number {number}",), author_name=f"number {number}")
    return database


@pytest.fixture
def inbox(at: Callable[..., Page]) -> Page:
    """The list, with number 3 open beside it."""
    page = at("/conversations")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    choose(page, 3)
    expect(page.locator("#thread h1")).to_have_text("number 3")
    return page


class Held:
    """The requests for an address, held back from now on: `asked` as soon as the first is there."""

    def __init__(self, page: Page, address: str, fragment: str) -> None:
        self.page, self.address, self.fragment = page, address, fragment
        self.routes: list[Route] = []
        self.through = False
        page.route(address, self._hold)

    def _hold(self, route: Route) -> None:
        if self.through or route.request.headers.get("x-fragment") != self.fragment:
            route.fallback()
        else:
            self.routes.append(route)

    def asked(self) -> None:
        """Return once somebody has asked."""
        for _ in range(200):
            if self.routes:
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"nobody asked for {self.fragment} of {self.address}")

    def answer(self) -> None:
        """Let them through, and return when the page has had its answers."""
        self.through = True
        for route in self.routes:
            with self.page.expect_request_finished(lambda request, route=route: request == route.request):
                route.continue_()
        self.page.wait_for_timeout(200)  # the script reads what has come


def choose(page: Page, number: int) -> None:
    page.locator("#rows .row", has_text=f"number {number}").locator("a").first.click()


def state_of(house: Database, number: int) -> str:
    with house.reading() as session:
        query = sa.select(Conversation.state).where(Conversation.author_name == f"number {number}")
        return session.scalars(query).one()


def test_a_slow_conversation_does_not_cover_the_one_chosen_after_it(inbox: Page) -> None:
    slow = Held(inbox, "**/conversations/2*", "thread")
    choose(inbox, 2)
    slow.asked()
    choose(inbox, 1)
    expect(inbox.locator("#thread h1")).to_have_text("number 1")
    slow.answer()
    expect(inbox.locator("#thread h1")).to_have_text("number 1")
    assert inbox.url.split("?")[0].endswith("/conversations/1")


def test_a_key_waits_for_the_conversation_that_was_chosen(inbox: Page, house: Database) -> None:
    slow = Held(inbox, "**/conversations/2*", "thread")
    inbox.keyboard.press("j")
    inbox.keyboard.press("e")
    slow.asked()
    slow.answer()
    expect(inbox.locator("#thread h1")).to_have_text("number 1")
    assert state_of(house, 2) == ConversationState.CLOSED
    assert state_of(house, 3) == ConversationState.OPEN


def test_an_act_that_is_answered_late_does_not_lead_back(inbox: Page, house: Database) -> None:
    slow = Held(inbox, "**/conversations/3/closure", "thread")
    inbox.keyboard.press("e")
    slow.asked()
    choose(inbox, 1)
    expect(inbox.locator("#thread h1")).to_have_text("number 1")
    slow.answer()
    expect(inbox.locator("#thread h1")).to_have_text("number 1")
    assert state_of(house, 3) == ConversationState.CLOSED
    expect(inbox.locator(".toast").get_by_role("button", name="Undo")).to_be_visible()


def test_a_dialog_does_not_open_over_what_was_chosen_after_it(inbox: Page) -> None:
    slow = Held(inbox, "**/ideas/new*", "dialog")
    inbox.keyboard.press("i")
    slow.asked()
    choose(inbox, 1)
    expect(inbox.locator("#thread h1")).to_have_text("number 1")
    slow.answer()
    expect(inbox.locator("dialog[open]")).to_have_count(0)


def test_news_of_the_list_one_has_left_changes_nothing(inbox: Page, house: Database) -> None:
    slow = Held(inbox, "**/conversations*", "list")
    with house.writing() as session:
        publish(session, "conversations", 1)
    slow.asked()
    inbox.locator("#views").get_by_role("link", name="Mine").click()
    expect(inbox.locator("#rows .row")).to_have_count(0)
    slow.answer()
    expect(inbox.locator("#news")).to_be_hidden()


def test_news_takes_no_tick_away(inbox: Page, house: Database) -> None:
    inbox.keyboard.press("Shift+Digit2")
    with house.writing() as session:
        query = sa.select(Conversation).where(Conversation.author_name == "number 3")
        conversation = session.scalars(query).one()
        hear_from_outside(session, conversation, "Found it myself")
        publish(session, "conversations", conversation.id)
    expect(inbox.locator("#messages")).to_contain_text("Found it myself")
    expect(inbox.locator("#context [data-also='2']")).to_be_checked()


def test_news_does_not_mark_the_title_that_somebody_is_typing(inbox: Page, house: Database) -> None:
    inbox.keyboard.press("i")
    title = inbox.locator("dialog[open] input[name=title]")
    expect(title).to_be_focused()
    inbox.keyboard.type("Shed")
    looks = inbox.expect_response(lambda answer: answer.request.headers.get("x-fragment") == "list")
    with looks, house.writing() as session:
        publish(session, "conversations", 1)
    inbox.wait_for_timeout(200)
    inbox.keyboard.type(" doors")
    expect(title).to_have_value("Shed doors")
