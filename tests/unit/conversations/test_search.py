"""Search: the same answers on both databases, in both languages, for whatever somebody types."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from inbox.connectors.contract import Author, Deletion
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Conversation, Message
from inbox.conversations.search import matching, search, snippet
from inbox.conversations.search_words import words_of
from inbox.database import Database
from tests.incoming import batch_of, written
from tests.making import make_channel

TEXTS = {
    "plan": "Der Vertretungsplan ist falsch",
    "house": "Unser HÄUSER-Meer am See",
    "road": "Schöne Straße und Fußball",
    "syntax": "foo AND ( bar\" OR ' NOT http://x.example/Pfad?a=1 e-mail a.b@c.example",
    "anger": "Viele Grüße „Ärger“ 😀toll😀 naïve café",
    "crash": "The app crashed twice, v2 crashes 3 times",
    "greek": "Καλημέρα κόσμε и привет мир",
}


@pytest.fixture
def found(session: Session):  # type: ignore[no-untyped-def]
    channel = make_channel(session)
    messages = [written(key, text, minute=place) for place, (key, text) in enumerate(TEXTS.items())]
    zoe = Author("z", name="Zoë Müller")
    ingest(session, channel, "m", batch_of(*messages, written("mail", "Hallo", subject="Rechnung Nr. 5", author=zoe)))

    def look(words: str) -> set[str]:
        query = sa.select(Conversation.external_id).where(Conversation.id.in_(matching(session, words)))
        return set(session.scalars(query))

    return look


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("Vertretung", {"plan"}),
        ("vertretungen", {"plan"}),
        ("Haus", {"house"}),
        ("häuser", {"house"}),
        ("hauser", {"house"}),
        ("strasse", {"road"}),
        ("STRAẞE", {"road"}),
        ("fussball", {"road"}),
        ("ärger", {"anger"}),
        ("arger", {"anger"}),
        ("naive cafe", {"anger"}),
        ("toll", {"anger"}),
        ("crashing", {"crash"}),
        ("crash twice", {"crash"}),
        ("crash never", set()),
        ("v2", {"crash"}),
        ("3", {"crash"}),
        ("pfad", {"syntax"}),
        ("c.example", {"syntax"}),
        ("foo AND (", {"syntax"}),
        ("rechnung", {"mail"}),
        ("muller zoe", {"mail"}),
        ("κόσμε", {"greek"}),
        ("привет", {"greek"}),
        ("plan", set()),
        ("💥 & | ! :* ()", set()),
        ("", set()),
        ("x" * 5_000, set()),
    ],
)
def test_what_is_typed_finds_what_is_meant(found, typed: str, keys: set[str]) -> None:  # type: ignore[no-untyped-def]
    assert found(typed) == keys


def test_nothing_typed_is_syntax(database: Database) -> None:
    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(st.characters(codec="utf-8") | st.sampled_from("\"'()*:&|!<->^~{}[]\\%_ NEARANDORNOT"), max_size=40))
    def look(typed: str) -> None:
        with database.reading() as session:
            session.scalars(matching(session, typed)).all()
            search(session, typed)

    look()


def test_an_index_follows_edits_and_deletions(session: Session) -> None:
    channel = make_channel(session)
    ingest(session, channel, "m", batch_of(written("1", "rake"), written("2", "rake", minute=1)))
    ingest(session, channel, "m", batch_of(written("1", "spade", minute=2)))
    assert [hit.snippet for hit in search(session, "spade")] == [(("spade", True),)]
    assert len(search(session, "rake")) == 1
    ingest(session, channel, "m", batch_of(deletions=[Deletion("2")]))
    assert search(session, "rake") == []
    session.execute(sa.delete(Message))
    assert search(session, "spade") == []


def test_pages_follow_each_other_without_gap(session: Session) -> None:
    channel = make_channel(session)
    ingest(session, channel, "m", batch_of(*(written(str(n), f"rake {n}", minute=n) for n in range(7))))
    seen, before = [], None
    while page := search(session, "rake", before=before, limit=3):
        seen += [hit.message_id for hit in page]
        before = page[-1].message_id
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 7


def test_a_snippet_shows_the_first_hit_and_marks_all() -> None:
    text = "word " * 100 + "the\n  Rechnungen   and Rechnung" + " tail" * 100
    parts = snippet(text, words_of("rechnung"))
    assert [words for words, hit in parts if hit] == ["Rechnungen", "Rechnung"]
    whole = "".join(words for words, _ in parts)
    assert whole.startswith("…")
    assert whole.endswith("…")
    assert len(whole) <= 245
    assert "the Rechnungen and Rechnung tail" in whole


def test_a_snippet_of_an_endless_word_is_short() -> None:
    assert sum(len(words) for words, _ in snippet("a " + "rake" * 50_000, words_of("rake"))) <= 245


def test_words_are_few_and_short() -> None:
    assert len(words_of(" ".join(map(str, range(10_000, 10_100))))) == 10
    assert [word.beginnings for word in words_of("Häuser Haus")] == [("haus", "häuser"), ("haus",)]
    assert words_of("a")[0].whole == "a"
    assert all(len(one) <= 60 for word in words_of("y" * 900) for one in word.beginnings)
