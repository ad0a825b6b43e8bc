"""A training round in Chromium, in both languages: by keys alone, by thumb, without scripts; the ledger; the models."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from inbox.channels.models import Channel
from inbox.database import Database
from inbox.labels.models import LABELS, Correction, Label, Tag
from inbox.labels.publish_lanes import Published, publish_lanes
from inbox.live import publish
from inbox.teams.models import Workspace
from inbox.training.models import Model, ModelState
from tests.making import make_channel, make_conversation, make_identity, make_message

pytestmark = pytest.mark.browser

TEXTS = (
    "Wann macht ihr wieder auf?",
    "The pump broke after two days.",
    "Ein Griff an der Seite wäre fein.",
    "Nobody asked for your opinion, clown.",
    "Danke, läuft!",
)
WORDS = {
    "de": (
        "Beginnen",
        "Lernrunde",
        "5 beantwortet",
        "Überspringen",
        "Berichtigungen",
        "stimmte schon",
        "zurückgenommen",
    ),
    "en": ("Begin", "Training round", "5 answered", "Skip", "Corrections", "right as it was", "undone"),
}


@pytest.fixture
def house(app: Any, valkey_url: str) -> Database:
    """The application's database, with five messages of which the classifier takes each for a question."""
    database: Database = app.extensions["trellis"].database
    with database.writing() as session:
        session.add(Workspace(id=1, name="Garden", language="en", time_zone="Europe/Berlin"))
        channel = make_channel(session, name="@garden")
        for text in TEXTS:
            author = make_identity(session, channel)
            message = make_message(session, make_conversation(session, channel, preview=text), text, identity=author)
            label = {"primary": Tag.QUESTION, "tags": "question", "language": "de", "model_version": "m1"}
            session.add(Label(message_id=message.id, **label, question=0.6))
    return database


def standing(house: Database) -> list[str]:
    with house.reading() as session:
        query = sa.select(Correction.after).where(Correction.undone_at.is_(None)).order_by(Correction.id)
        return list(session.scalars(query))


def press(page: Page, key: str) -> None:
    """A key on this message, and the next one is there."""
    before = page.locator("#round-card").get_attribute("data-round")
    page.keyboard.press(key)
    expect(page.locator("#round-card")).not_to_have_attribute("data-round", before or "")


def test_an_inbox_without_messages_offers_no_round(at: Callable[..., Page], house: Database) -> None:
    page = at("/conversations")
    expect(page.locator("#views .nav-round")).to_be_visible()
    with house.writing() as session:
        session.delete(session.scalars(sa.select(Channel)).one())
    page.reload()
    expect(page.locator("#views .nav-round")).to_have_count(0)


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_first_steps_are_there_on_a_phone(at: Callable[..., Page], house: Database, language: str) -> None:
    page = at("/conversations?view=all", language)
    steps, first = page.locator(".first-steps-folded"), {"de": "Kanal verbinden", "en": "Connect a channel"}[language]
    expect(steps).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    steps.locator("summary").click()
    expect(steps.get_by_text(first)).to_be_visible()
    expect(page.locator("#rows .row").first).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_round_goes_by_keys_alone(at: Callable[..., Page], house: Database, language: str) -> None:
    begin, title, ended, _, ledger, right, undone = WORDS[language]
    page = at("/conversations", language)
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page.locator(".tabs [aria-current]")).to_have_text(title)
    page.get_by_role("button", name=begin, exact=True).click()
    press(page, "1")
    expect(page.locator("#round-card")).to_be_focused()
    press(page, "2")
    press(page, "z")
    press(page, "3")
    page.keyboard.press("Shift+Digit2")
    page.keyboard.press("Shift+Digit1")
    press(page, "Enter")
    press(page, "0")
    press(page, "4")
    expect(page.get_by_role("heading", name=ended)).to_be_visible()
    assert standing(house) == ["question", "idea", "complaint question", "", "troll"]
    page.locator(".round-lines summary").click()
    expect(page.locator(".round-lines li").first).to_contain_text(right)
    page.goto(re.sub("/training.*", "/corrections", page.url))
    expect(page.locator(".tabs [aria-current]")).to_have_text(ledger)
    expect(page.locator(".ledger > li.is-undone")).to_have_count(1)
    expect(page.locator(".ledger > li.is-undone")).to_contain_text(undone)


def test_a_thumb_answers_on_a_phone(at: Callable[..., Page], house: Database) -> None:
    page = at("/training", "de")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Beginnen", exact=True).click()
    expect(page.locator("#round-card")).to_be_visible()
    for button in page.locator(".round .choice, .round-foot button").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= 844
    page.get_by_role("checkbox", name="Auch Idee").check()
    page.locator(".choice-complaint").click()
    expect(page.locator(".round-before")).to_contain_text("Beschwerde")
    page.get_by_role("button", name="Überspringen").click()
    expect(page.locator(".round-before")).to_contain_text("übersprungen")
    page.get_by_role("button", name="Zurück").click()
    expect(page.locator(".round-before")).to_contain_text("Beschwerde")
    assert standing(house) == ["complaint idea"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_works_without_scripts(at: Callable[..., Page], house: Database, address: str) -> None:
    page = at("/training")
    assert page.context.browser
    plain = page.context.browser.new_context(java_script_enabled=False)
    plain.add_cookies([{"name": "trellis", "value": page.context.cookies()[0]["value"], "url": address}])
    bare = plain.new_page()
    bare.goto(f"{address}/training")
    bare.get_by_role("button", name="Begin", exact=True).click()
    bare.get_by_role("checkbox", name="Complaint too").check()
    bare.get_by_role("button", name="Idea").click()
    expect(bare.locator(".round-before")).to_contain_text("Idea")
    bare.get_by_role("button", name="Back").click()
    assert standing(house) == []
    bare.get_by_role("button", name="None of these").click()
    bare.get_by_role("button", name="Stop").click()
    expect(bare.get_by_role("heading", name="1 answered")).to_be_visible()
    plain.close()


def test_the_inbox_takes_several_tags_and_none(at: Callable[..., Page], house: Database) -> None:
    page = at("/conversations/1")
    page.keyboard.press("Shift+Digit3")
    page.keyboard.press("2")
    expect(page.locator(".choice-idea")).to_have_attribute("aria-pressed", "true")
    assert standing(house) == ["complaint idea"]
    page.keyboard.press("0")
    expect(page.locator(".choice-other")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("z")
    expect(page.locator(".choice-complaint")).to_have_attribute("aria-pressed", "true")
    assert standing(house) == ["complaint idea"]


def test_the_ledger_narrows_in_place_and_undoes(at: Callable[..., Page], house: Database) -> None:
    page = at("/training")
    page.get_by_role("button", name="Begin", exact=True).click()
    for key in ("1", "2", "3"):
        press(page, key)
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.get_by_role("link", name="Corrections").click()
    page.get_by_role("link", name="Found right").click()
    expect(page.locator(".ledger > li")).to_have_count(1)
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.locator(".ledger > li")).to_have_count(3)
    page.locator(".ledger-filter summary").click()
    page.get_by_label("Said by the teammate").select_option("complaint")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("to=complaint$"))
    expect(page.locator(".ledger > li")).to_have_count(1)
    page.locator(".ledger").get_by_role("button", name="Undo").click()
    expect(page.locator(".ledger > li")).to_contain_text("undone")
    assert standing(house) == ["question", "idea"]


MODELS = {
    "de": (
        "Jetzt trainieren",
        "Schritt 4 von 7",
        "0,751",
        "Wieder einsetzen",
        "Auf Deutsch wäre es am festen Prüfsatz schlechter",
        "Wie gut es war",
    ),
    "en": (
        "Train now",
        "step 4 of 7",
        "0.751",
        "Let it serve again",
        "It would be worse in German on the frozen set",
        "How good it was",
    ),
}


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_training_shows_how_far_it_is_and_what_came_of_it(
    at: Callable[..., Page], house: Database, language: str
) -> None:
    train, step, better, again, worse, held_out = MODELS[language]
    figures = {"frozen": {"de": {"rows": 300, "champion": 0.74, "challenger": 0.751, "worse": 0.1}}}
    with house.writing() as session:
        lanes = [(tag, lang) for tag in LABELS for lang in ("de", "en")]
        publish_lanes(session, "b", [Published(*one, 0.9, 0.3, [[0.3, 0.61, 0.92, 0.3]]) for one in lanes])
        session.add(Model(version="b+1", base_version="b", state=ModelState.FORMER, payload=b"x", examples=40))
        session.add(
            Model(
                version="b+2", base_version="b", state=ModelState.CHAMPION, payload=b"x", examples=90, figures=figures
            )
        )
    page = at("/settings/models", language)
    page.emulate_media(reduced_motion="reduce")  # contrast is measured on toasts that have arrived
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    expect(page.locator(".model-now")).to_contain_text(better)
    expect(page.get_by_role("region", name=held_out).locator("tbody tr")).to_have_count(8)
    page.get_by_role("button", name=train).click()
    expect(page.locator("progress")).to_be_visible()
    with house.writing() as session:
        training = session.scalars(sa.select(Model).where(Model.state == ModelState.TRAINING)).one()
        training.tries, training.step, training.steps = 1, 3, 7
        publish(session, "models", training.id)
    expect(page.locator(".model-train")).to_contain_text(step)
    assert_accessible(page)
    with house.writing() as session:
        training = session.scalars(sa.select(Model).where(Model.state == ModelState.TRAINING)).one()
        training.state, training.version, training.reason = ModelState.REFUSED, "b+3", "frozen_worse"
        training.reason_fields = {"language": "de", "champion": 0.751, "challenger": 0.7}
        publish(session, "models", training.id)
    expect(page.locator(".model-refused")).to_contain_text(worse)
    page.get_by_role("button", name=again).click()
    expect(page.locator(".model-now")).to_contain_text("b+1")
    page.keyboard.press("z")
    expect(page.locator(".model-now")).to_contain_text("b+2")
    page.set_viewport_size({"width": 390, "height": 844})
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_people_who_listen_or_see_little_can_use_it(at: Callable[..., Page], scheme: str, width: int) -> None:
    page = at("/training")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    assert Axe().run(page).violations_count == 0
    page.get_by_role("button", name="Begin", exact=True).click()
    press(page, "1")
    page.keyboard.press("Shift+Digit2")
    assert_accessible(page)
    for key in ("3", "s", "0", "4"):
        press(page, key)
    assert_accessible(page)
    press(page, "z")
    page.goto(re.sub("/training.*", "/corrections?to=idea", page.url))
    assert_accessible(page)
    page.goto(re.sub("/corrections.*", "/corrections", page.url))
    assert_accessible(page)


def assert_accessible(page: Page) -> None:
    report = Axe().run(page)
    assert report.violations_count == 0, report.generate_report()
