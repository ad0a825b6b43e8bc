"""Proposals, reasons and thresholds in Chromium, in both languages: by keys, on a phone, without scripts."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from classifiers.tagger import load_tagger
from inbox.conversations.models import Message
from inbox.conversations.retag import retag
from inbox.database import Database
from inbox.labels.models import LABELS, Correction, Label, Tag, Threshold
from inbox.labels.publish_lanes import Published, publish_lanes
from inbox.labels.record import Answer, record
from inbox.live import publish
from inbox.teams.models import Workspace
from tests.making import make_channel, make_conversation
from workers.explain import explain
from workers.run import run

pytestmark = pytest.mark.browser

TEXTS = {"de": "Könntet ihr bitte einen Export einbauen?", "en": "Could you please add an export?"}
CURVE = [[0.3, 0.6, 0.9, 0.3], [0.6, 0.8, 0.6, 0.2], [0.9, 0.95, 0.2, 0.1]]
WORDS = {
    "de": {
        "tag": "Idee",
        "idea": "Idee?",
        "taught": "Gemerkt.",
        "why": "Warum?",
        "for": "Spricht dafür",
        "none": "Vorgeschlagen wird nichts.",
    },
    "en": {
        "tag": "Idea",
        "idea": "Idea?",
        "taught": "Learned.",
        "why": "Why?",
        "for": "Speaks for it",
        "none": "Nothing is proposed.",
    },
}


@pytest.fixture
def house(app: Any, valkey_url: str) -> Database:
    """The application's database: in each language a wish that is surely a question and perhaps an idea."""
    database: Database = app.extensions["trellis"].database
    with database.writing() as session:
        session.add(Workspace(id=1, name="Garden", language="en", time_zone="Europe/Berlin"))
        publish_lanes(session, "m", [Published(tag, lang, 0.9, 0.5, CURVE) for tag in LABELS for lang in TEXTS])
        channel = make_channel(session, name="@garden")
        for lang, text in TEXTS.items():
            make_conversation(session, channel, (text,), author_name=f"Mia {lang}")
            number = session.scalars(sa.select(sa.func.max(Message.id))).one()
            said = {"question": 0.95, "idea": 0.7}
            record(session, [Answer(number, "question", ["question"], said, lang)], load_tagger().version)
            retag(session, [number])
    return database


def label(house: Database, lang: str) -> tuple[str, str]:
    with house.reading() as session:
        found = session.scalars(sa.select(Label).where(Label.language == lang)).one()
        return found.tags, found.suggested


@pytest.mark.parametrize("language", ["de", "en"])
def test_one_key_accepts_a_proposal_and_another_takes_it_back(
    at: Callable[..., Page], house: Database, language: str
) -> None:
    words = WORDS[language]
    page = at("/conversations", language)
    page.locator("#rows .row", has_text=f"Mia {language}").locator("a.cover").click()
    proposal = page.locator("#messages .tag-proposed")
    expect(proposal).to_contain_text(words["idea"])
    page.keyboard.press("y")
    expect(page.locator(".toast")).to_contain_text(words["taught"])
    expect(proposal).to_have_count(0)
    assert label(house, language) == ("question idea", "")
    expect(page.locator("#rows .row", has_text=f"Mia {language}").locator(".tag-proposed")).to_have_count(0)
    page.keyboard.press("z")
    expect(proposal).to_be_visible()
    assert label(house, language) == ("question", "idea")
    page.keyboard.press("x")
    expect(proposal).to_have_count(0)
    assert label(house, language) == ("question", "")
    with house.reading() as session:
        kept = session.execute(sa.select(Correction.before, Correction.after).order_by(Correction.id)).all()
    assert [tuple(one) for one in kept] == [("question idea", "question idea"), ("question idea", "question")]


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_words_that_decided_appear_once_a_worker_has_found_them(
    at: Callable[..., Page], house: Database, valkey_url: str, language: str
) -> None:
    page = at("/conversations", language)
    page.locator("#rows .row", has_text=f"Mia {language}").locator("a.cover").click()
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    why = page.locator("#messages .why")
    expect(why).to_have_text(WORDS[language]["why"])
    page.locator(".composer textarea").fill("half an answer")
    why.click()
    expect(page.locator(".why-soon")).to_be_visible()
    expect(page.locator(".why-late")).to_be_hidden()
    run(valkey_url, burst=True)
    panel = page.locator("#messages .reasons")
    expect(panel.locator("details[open] .label").first).to_have_text(WORDS[language]["for"])
    expect(panel.locator("details")).to_have_count(4)
    expect(why).to_have_attribute("aria-expanded", "true")
    # The words of the open label stand out in the message itself, and with another label others do.
    words = page.locator("#messages .words")
    expect(words).to_have_text(TEXTS[language])
    panel.locator(".said-idea summary").click()
    loud = words.locator("[data-for~=idea]").first
    expect(loud).to_have_attribute("title", re.compile(f"{WORDS[language]['tag']} × "))
    assert painted(loud) != painted(words)
    panel.locator(".said-idea summary").click()
    assert painted(loud) == painted(words)
    panel.locator(".said-idea summary").click()
    # News draws the conversation anew; what is open stays open, what is written stays written.
    page.locator("#thread h1").click()
    looks = page.expect_response(lambda answer: answer.request.headers.get("x-fragment") == "thread-news")
    with looks, house.writing() as session:
        session.scalars(sa.select(Message)).first().hidden_at = sa.func.now()  # type: ignore[union-attr, assignment]
        publish(session, "conversations", 1, 2)
    page.wait_for_timeout(200)  # the script reads what has come
    expect(panel.locator("details")).to_have_count(4)
    expect(page.locator(".composer textarea")).to_have_value("half an answer")
    expect(loud).to_be_visible()
    # Nor does it put words back that were edited meanwhile.
    edited = TEXTS[language].upper()
    with house.writing() as session:
        session.execute(sa.update(Message).values(text=edited))
        publish(session, "conversations", 1, 2)
    expect(words).to_have_text(edited)
    page.wait_for_timeout(500)
    expect(words).to_have_text(edited)
    page.keyboard.press("w")
    expect(panel.locator("details")).to_have_count(0)
    expect(loud).to_have_count(0)
    expect(words).to_have_text(edited)
    expect(why).to_have_attribute("aria-expanded", "false")


def painted(part: Locator) -> str:
    """The colour that lies behind."""
    return str(part.evaluate("one => getComputedStyle(one).backgroundColor"))


def test_a_worker_that_stays_silent_is_told_of(at: Callable[..., Page], house: Database) -> None:
    page = at("/conversations/1")
    page.locator("#messages .why").click()
    expect(page.locator(".why-late")).to_be_hidden()
    expect(page.locator(".why-late")).to_be_visible(timeout=9_000)


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_a_threshold_means_is_said_while_it_moves(at: Callable[..., Page], house: Database, language: str) -> None:
    page = at("/settings/tagging", language)
    automatic, suggest = page.locator("#idea-automatic"), page.locator("#idea-suggest")
    expect(page.locator("#idea-suggest-means")).to_contain_text("0,3" if language == "de" else "0.3")
    automatic.focus()
    for _ in range(3):
        page.keyboard.press("PageDown")  # ten percent each
    expect(page.locator("output[for=idea-automatic]")).to_contain_text("60")
    expect(page.locator("#idea-automatic-means")).to_contain_text("0,3" if language == "de" else "0.3")
    page.keyboard.press("Home")
    expect(suggest).to_have_value("1")
    expect(page.locator("#idea-suggest-means")).to_have_text(WORDS[language]["none"])
    with house.reading() as session:
        assert session.get_one(Threshold, (Tag.IDEA, language)).moved_at is None
    page.locator(".tagging-end .btn.go").click()
    expect(page.locator(".toast")).to_be_visible()
    assert label(house, language) == ("question idea", "")
    page.locator(".toast button").click()
    expect(automatic).to_have_value("90")
    assert label(house, language) == ("question", "idea")


def test_the_week_is_counted_anew_when_a_slider_rests(at: Callable[..., Page]) -> None:
    page = at("/settings/tagging?language=en")
    automatic = page.locator("#tagging-week .lane-automatic b")
    expect(automatic).to_have_text("0.3")
    page.locator("#question-automatic").focus()
    page.keyboard.press("End")
    expect(automatic).to_have_text("0")


def test_all_of_it_works_without_scripts(at: Callable[..., Page], house: Database, page: Page, address: str) -> None:
    at("/conversations")
    quiet = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    quiet.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    plain = quiet.new_page()
    plain.goto(f"{address}/conversations/2")
    plain.locator("#messages .why").click()
    expect(plain.locator(".why-soon")).to_be_visible()
    explain(2)
    plain.reload()
    expect(plain.locator("#messages .reasons details")).to_have_count(4)
    expect(plain.locator("#messages .words .spoke").first).to_be_visible()
    plain.locator("#messages .tag-proposed").click()
    expect(plain.locator("#messages .tag-proposed")).to_have_count(0)
    assert label(house, "en") == ("question idea", "")
    plain.goto(f"{address}/settings/tagging?language=de")
    plain.locator("#idea-automatic").fill("60")
    plain.locator("noscript button, .tagging-end .btn:not(.go)").first.click()
    expect(plain.locator("#idea-automatic")).to_have_value("60")
    assert label(house, "de") == ("question", "idea")
    plain.locator(".tagging-end .btn.go").click()
    assert label(house, "de") == ("question idea", "")
    quiet.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_people_who_listen_or_see_little_can_use_it(
    at: Callable[..., Page], house: Database, scheme: str, width: int
) -> None:
    explain(2)
    for path in ("/conversations/2?why=2", "/settings/tagging?language=en"):
        page = at(path)
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        report = Axe().run(page)
        assert report.violations_count == 0, report.generate_report()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        if width < 900:
            small = page.evaluate(
                "[...document.querySelectorAll('#messages .proposals button, .slide input, .reasons summary')]"
                ".filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML)"
            )
            assert small == []
