"""Several tags at once in Chromium: what is ticked is seen, and given by its own button or Enter, also without scripts."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from inbox.database import Database
from inbox.labels.models import Correction, Label, Tag
from inbox.teams.models import Workspace
from tests.making import make_channel, make_conversation, make_identity, make_message

pytestmark = pytest.mark.browser


@pytest.fixture
def house(app: Any, valkey_url: str) -> Database:
    """The application's database, with one message that is taken for a complaint."""
    database: Database = app.extensions["trellis"].database
    with database.writing() as session:
        session.add(Workspace(id=1, name="Garden", language="en", time_zone="Europe/Berlin"))
        channel = make_channel(session, name="@garden")
        author = make_identity(session, channel)
        message = make_message(session, make_conversation(session, channel), "The pump broke. Why?", identity=author)
        session.add(Label(message_id=message.id, primary=Tag.COMPLAINT, tags="complaint", model_version="m1"))
    return database


def given(house: Database) -> list[str]:
    with house.reading() as session:
        return list(session.scalars(sa.select(Correction.after).order_by(Correction.id)))


def test_what_is_ticked_is_offered_and_given_in_its_order(at: Callable[..., Page], house: Database) -> None:
    page = at("/conversations/1")
    offered = page.get_by_role("button", name="Set what is ticked")
    expect(offered).to_be_hidden()
    page.keyboard.press("Shift+Digit2")
    expect(offered).to_be_visible()
    page.keyboard.press("Shift+Digit1")
    page.keyboard.press("Enter")
    expect(page.locator(".choice-question")).to_have_attribute("aria-pressed", "true")
    expect(offered).to_be_hidden()
    page.get_by_role("checkbox", name="Idea too").check()
    offered.click()
    expect(page.locator(".choice-idea")).to_have_attribute("aria-pressed", "true")
    assert given(house) == ["complaint question", "idea"]


def test_it_works_without_scripts(at: Callable[..., Page], house: Database, address: str) -> None:
    page = at("/conversations/1")
    assert page.context.browser
    plain = page.context.browser.new_context(java_script_enabled=False)
    plain.add_cookies([{"name": "trellis", "value": page.context.cookies()[0]["value"], "url": address}])
    bare = plain.new_page()
    bare.goto(f"{address}/conversations/1")
    bare.get_by_role("checkbox", name="Question too").check()
    bare.get_by_role("checkbox", name="Complaint too").check()
    bare.get_by_role("button", name="Set what is ticked").click()
    expect(bare.locator(".choice-question")).to_have_attribute("aria-pressed", "true")
    assert given(house) == ["question complaint"]
    plain.close()
