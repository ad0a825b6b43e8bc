"""Writing on a phone in Chromium, by touch: what is tapped is what happens, though the screen makes room for the text."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inbox.database import Database
from inbox.teams.models import Workspace
from tests.making import make_channel, make_conversation

pytestmark = pytest.mark.browser


@pytest.fixture
def browser_context_args() -> dict[str, Any]:
    """A phone."""
    return {"locale": "en", "viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def house(app: Any, valkey_url: str) -> Database:
    """The application's database, with one conversation."""
    database: Database = app.extensions["trellis"].database
    with database.writing() as session:
        session.add(Workspace(id=1, name="Garden", language="en", time_zone="Europe/Berlin"))
        make_conversation(session, make_channel(session, name="@garden"), ("Where is the shed?",))
    return database


def test_one_tap_sends(at: Callable[..., Page]) -> None:
    page = at("/conversations/1")
    page.locator("#composer-text").tap()
    expect(page.locator(".apps")).to_be_hidden()
    page.locator("#composer-text").fill("Behind the house.")
    page.get_by_role("button", name="Send").tap()
    expect(page.locator(".message-out")).to_contain_text("Behind the house.")
    expect(page.locator(".apps")).to_be_visible()


def test_one_tap_makes_it_a_note(at: Callable[..., Page]) -> None:
    page = at("/conversations/1")
    page.locator("#composer-text").tap()
    page.locator("label[for=mode-note]").tap()
    expect(page.locator("#mode-note")).to_be_checked()
    expect(page.locator("#composer-text")).to_be_focused()
    page.locator("#composer-text").fill("Ask Jo.")
    page.get_by_role("button", name="Keep the note").tap()
    expect(page.locator(".message-note")).to_contain_text("Ask Jo.")
