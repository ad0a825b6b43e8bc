"""The kinds to choose from: each in a group, with a line about it in both languages and a picture that is drawn."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask_babel import force_locale

from inbox.connectors.contract import Group
from inbox.connectors.registry import CHANNELS
from inbox.pages.kinds import GROUPS, Choice, grouped, picture_of, symbols


@pytest.fixture(autouse=True)
def asked(app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for kind, place in list(CHANNELS.items()):
        # Other tests of this process may have listed a platform of their own, which speaks one language.
        if not place.startswith("inbox.connectors."):
            monkeypatch.delitem(CHANNELS, kind)
    with app.test_request_context(), force_locale("en"):
        yield


def choices(words: str = "") -> list[Choice]:
    return [choice for group in grouped(words).values() for choice in group]


def test_every_listed_kind_stands_in_one_group() -> None:
    assert sorted(choice.kind for choice in choices()) == sorted(CHANNELS)
    assert set(GROUPS) == set(Group), "each group has a name on the page"


def test_every_kind_tells_in_both_languages_what_comes_in() -> None:
    english = {choice.kind: choice.about for choice in choices()}
    with force_locale("de"):
        german = {choice.kind: choice.about for choice in choices()}
    assert all(english.values())
    assert [kind for kind in english if german[kind] == english[kind]] == []


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_the_picture_of_every_kind_is_drawn(kind: str) -> None:
    assert picture_of(kind) in symbols() - {"channel"}


def test_a_kind_that_is_no_more_still_has_a_picture() -> None:
    assert picture_of("pigeon") == "channel"
    assert "channel" in symbols()


def test_kinds_are_found_by_any_of_their_words() -> None:
    assert [choice.kind for choice in choices("STACK comment")] == ["stack_exchange"]
    assert list(grouped("review apple")) == ["Reviews"]
    assert grouped("pigeon") == {}
