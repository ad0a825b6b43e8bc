"""The board and the promote dialog in Chromium: by keyboard, by dragging, and for people who listen instead of looking."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from inbox.ideas.models import Idea
from inbox.ideas.promote import promote
from inbox.pages.access import COOKIE_KEY
from inbox.teams.models import Role, Workspace
from inbox.teams.sign_in import sign_in
from tests.garden import a_member, a_message, a_teammate

pytestmark = pytest.mark.browser
WORDS = "Lovely. Please add a dark mode! Thanks."


@pytest.fixture
def signed_in(app: Any, address: str, page: Page) -> Page:
    """A page of a manager's browser, with one idea on the board (of message 1) and another message (2)."""
    with app.extensions["trellis"].database.writing() as session:
        session.add(Workspace(id=1, name="Garden", language="en", time_zone="Europe/Berlin"))
        token = sign_in(session, a_teammate(session, "Mo", Role.MANAGER), "test")
        promote(
            session,
            a_message(session, "night theme please", a_member(session, "Bob")),
            0,
            0,
            title="Dark mode",
            by=None,
        )
        a_message(session, WORDS, a_member(session, "Ada"))
    cookie = app.session_interface.get_signing_serializer(app).dumps({COOKIE_KEY: token})
    page.context.add_cookies([{"name": "trellis", "value": cookie, "url": address}])
    return page


def state(page: Page) -> str | None:
    return page.locator("#idea-1").locator("xpath=ancestor::section").get_attribute("data-state")


def test_an_idea_is_moved_by_keyboard_and_back(signed_in: Page, address: str) -> None:
    page = signed_in
    page.goto(f"{address}/ideas")
    page.locator("#open-idea-1").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".column[data-state=reviewing] #idea-1")).to_be_visible()
    expect(page.locator("#open-idea-1")).to_be_focused()
    page.keyboard.press("z")
    expect(page.locator(".column[data-state=new] #idea-1")).to_be_visible()


def test_an_idea_is_moved_by_menu_and_by_dragging(signed_in: Page, address: str) -> None:
    page = signed_in
    page.goto(f"{address}/ideas")
    page.locator("#idea-1 details.menu > summary").click()
    page.locator("#idea-1 button[value=planned]").click()
    expect(page.locator(".column[data-state=planned] #idea-1")).to_be_visible()
    page.drag_and_drop("#open-idea-1", ".column[data-state=building]")
    expect(page.locator(".column[data-state=building] #idea-1")).to_be_visible()
    assert state(page) == "building"


def test_a_sentence_becomes_an_idea_in_the_dialog(signed_in: Page, address: str, app: Any) -> None:
    page = signed_in
    page.goto(f"{address}/conversations/2")
    page.keyboard.press("i")
    title = page.locator("dialog[open] input[name=title]")
    expect(title).to_be_focused()
    expect(page.locator("dialog[open] .promote-quote")).to_have_text(WORDS)
    title.fill("Dark theme mode")
    expect(page.locator("dialog[open] .alike-idea")).to_contain_text("Dark mode")
    page.locator("dialog[open] .alike-idea").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("Dark mode")
    assert page.url.startswith(f"{address}/conversations/2")
    with app.extensions["trellis"].database.reading() as session:
        assert [idea.people for idea in session.scalars(select(Idea))] == [2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/ideas", "/ideas/1", "/ideas/new?message=2", "/product-teams"])
def test_the_screens_are_accessible(signed_in: Page, address: str, scheme: Any, width: int, path: str) -> None:
    page = signed_in
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{address}{path}")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert [error for error in errors if "/live" not in error and "503" not in error] == []
