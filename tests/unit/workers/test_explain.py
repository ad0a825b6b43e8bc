"""Reasons: exact, where the words stand, only for the text that was read, and gone with it."""

import math
import re
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.clean import clean
from classifiers.spans import place_words
from classifiers.tagger import load_tagger
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.contract import Deletion
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Message
from inbox.conversations.reasons import KEPT, find_text, forget_reasons, keep_reasons
from inbox.database import Database
from inbox.jobs import Job
from inbox.labels.models import LABELS, Reasons
from tests.incoming import batch_of, written
from tests.making import make_channel
from workers import explain as recipe
from workers.explain import explain, shares_of

WISH = "Könntet ihr bitte einen Export einbauen? Das wäre toll, @anna!"


@pytest.fixture
def message(database: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(recipe, "open_database", lambda: database)
    monkeypatch.setattr(recipe, "answered", lambda *_: None)
    with database.writing() as session:
        ingest(session, make_channel(session), "m", batch_of(written("1", WISH)))
        return session.scalars(sa.select(Message.id)).one()


def kept(database: Database) -> list[Reasons]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Reasons)))


@pytest.mark.parametrize(
    "text",
    [
        WISH,
        "THE APP <b>crashes</b> every time!!!! soooo annoying\n> a quote\nfix it",
        "",
        "😀",
        "cаn yоu help",
        "x" * 30_000,
    ],
)
def test_start_words_and_manner_are_exactly_what_the_model_said(text: str) -> None:
    found = load_tagger().reasons(text)
    scores, _ = load_tagger().scores([text])
    for label in LABELS:
        shares = shares_of(text, found)[label]
        total = shares["start"] + sum(share for *_, share in shares["words"]) + shares["rest"] + shares["manner"]
        if found.lang in ("de", "en"):
            assert total == pytest.approx(scores[0][load_tagger().heads.index(label)], abs=1e-3)
        assert all(0 <= start < end <= len(text) for start, end, _ in shares["words"])


def test_words_are_named_as_they_were_written_and_once() -> None:
    text = "Export, Export! Wann kommt der Export?"
    shares = shares_of(text, load_tagger().reasons(text))["question"]["words"]
    named = [text[start:end] for start, end, _ in shares]
    assert named.count("Export,") == 1
    assert "Export!" not in named
    assert sorted(map(str.casefold, named)) == sorted({"export,", "wann", "kommt", "der", "export?"})


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_every_place_lies_in_the_text_and_they_rise(text: str) -> None:
    places = [place for place in place_words(text, clean(text).split()) if place]
    assert places == sorted(places)
    assert all(text[start:end].strip() for start, end in places)


def test_markup_and_quotes_that_were_taken_away_lose_no_other_word() -> None:
    text = "Hallo <a href='x y z'>ihr</a>\n> das war zitiert und mehr\nDanke schön"
    words = clean(text).split()
    found = dict(zip(words, place_words(text, words), strict=True))
    assert text[slice(*found["danke"])] == "Danke"  # type: ignore[misc]


def test_reasons_are_kept_once_and_hold_no_words(database: Database, message: int) -> None:
    explain(message)
    explain(message)
    (found,) = kept(database)
    assert found.model_version == load_tagger().version
    assert "Export" not in str(found.shares)
    start, end, share = found.shares["idea"]["words"][0]
    assert WISH[start:end] in re.findall(r"\w+", WISH), "a place is that of a whole word"
    assert share > 0 and math.isfinite(share)


def test_a_text_that_is_edited_meanwhile_gets_no_reasons(database: Database, message: int) -> None:
    with database.writing() as session:
        read = find_text(session, message)
        assert read
        session.get_one(Message, message).edited_at = now()
        session.flush()
        keep_reasons(session, read, "m", {})
    assert kept(database) == []


@pytest.mark.parametrize("change", [{"deletions": [Deletion("1")]}, {"text": "Found it"}])
def test_reasons_go_with_the_words_they_speak_of(database: Database, message: int, change: dict[str, Any]) -> None:
    explain(message)
    assert len(kept(database)) == 1
    with database.writing() as session:
        channel = session.scalars(sa.select(Channel)).one()
        edits = [written("1", change["text"])] if "text" in change else []
        ingest(session, channel, "m", batch_of(*edits, deletions=change.get("deletions", ())))
    assert kept(database) == []


def test_what_is_gone_or_never_was_is_not_explained(database: Database, message: int) -> None:
    with database.writing() as session:
        session.get_one(Message, message).deleted_at = now()
    explain(message)
    explain(4_711)
    assert kept(database) == []


def test_old_reasons_are_tidied_away(database: Database, message: int) -> None:
    explain(message)
    with database.writing() as session:
        forget_reasons(session)
        assert session.scalar(sa.select(sa.func.count()).select_from(Reasons)) == 1
        session.execute(sa.update(Reasons).values(made_at=now() - KEPT - KEPT))
        forget_reasons(session)
    assert kept(database) == []


def test_the_job_says_that_it_was_heard(database: Database, message: int, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(recipe, "answered", lambda *told: heard.append(told))
    explain(message)
    assert heard == [(Job.EXPLAIN, message)]
