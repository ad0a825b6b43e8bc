"""Proposing ideas that ask for much the same."""

import time

import pytest
from sqlalchemy.orm import Session

from inbox.ideas.models import Idea, IdeaState
from inbox.ideas.promote import promote
from inbox.ideas.suggest import pieces, suggest
from tests.garden import a_message

TITLES = [
    "Vertretungsplan als PDF herunterladen",
    "Dunkles Design für die App",
    "Dark mode",
    "Export invoices as CSV",
    "Rechnungen exportieren",
    "Push-Benachrichtigungen abschalten",
    "Mute notifications at night",
    "Search in attachments",
    "Keyboard shortcuts for the calendar",
    "Kalender mit Outlook abgleichen",
]


@pytest.fixture
def planted(session: Session) -> Session:
    session.add_all([Idea(title=title) for title in TITLES])
    session.flush()
    return session


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Könnte man die Vertretung auch ausdrucken?", "Vertretungsplan als PDF herunterladen"),
        ("It would be great to have a dark mode, my eyes hurt at night", "Dark mode"),
        ("please let me export all my invoices", "Export invoices as CSV"),
        ("Ich möchte meine Rechnung exportieren können", "Rechnungen exportieren"),
        ("Die ständigen Benachrichtigungen nerven, bitte abschaltbar machen", "Push-Benachrichtigungen abschalten"),
        ("searching attachments does not find anything", "Search in attachments"),
        ("Outlook-Kalender synchronisieren", "Kalender mit Outlook abgleichen"),
    ],
)
def test_the_alike_idea_comes_first(planted: Session, text: str, expected: str) -> None:
    found = suggest(planted, text)
    assert found
    assert found[0].title == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "???",
        "Thanks, lovely people",
        "Wann öffnet ihr am Montag?",
        "Could you please add the option to make it possible",
        "x" * 100_000,
        "\x00 %s {0}",
    ],
)
def test_nothing_alike_proposes_nothing(planted: Session, text: str) -> None:
    assert suggest(planted, text) == []


def test_what_people_said_counts_beside_the_title(session: Session) -> None:
    idea = promote(
        session, a_message(session, "the hamburger menu hides everything"), 0, 0, title="Navigation", by=None
    ).idea
    assert [alike.id for alike in suggest(session, "please show the hamburger menu")] == [idea.id]
    assert suggest(session, "please show the hamburger menu", without=idea.id) == []


def test_declined_and_merged_ideas_are_not_proposed(session: Session) -> None:
    open_ = Idea(title="Dark mode")
    session.add(open_)
    session.flush()
    session.add_all(
        [Idea(title="Dark mode", state=IdeaState.DECLINED), Idea(title="Dark mode", merged_into_id=open_.id)]
    )
    session.flush()
    assert [alike.id for alike in suggest(session, "dark mode")] == [open_.id]


def test_the_best_few_are_proposed_with_a_likeness_up_to_one(planted: Session) -> None:
    found = suggest(planted, " ".join(TITLES), limit=3)
    assert len(found) == 3
    assert all(0 < alike.likeness <= 1 for alike in found)
    assert suggest(planted, "Dark mode")[0].likeness == pytest.approx(1.0)


def test_two_thousand_ideas_are_compared_in_the_blink_of_an_eye(session: Session) -> None:
    session.add_all([Idea(title=f"{title} number {n}") for n in range(210) for title in TITLES])
    session.flush()
    pieces.cache_clear()
    began = time.process_time()
    assert suggest(session, "export my invoices as a CSV file please")
    assert time.process_time() - began < 3
