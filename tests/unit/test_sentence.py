"""A sentence stays whole on its way through an error and the database, and a page says it in its reader's language."""

import copy
import json
import pickle
from collections.abc import Callable

import pytest
from flask import Flask
from flask_babel import force_locale

from inbox.connectors.contract import Passing
from inbox.pages.translate import translate
from inbox.sentence import N_, Sentence, listed_sentences, pack, unpack

LOST = N_("%(error)s It may have been accepted.", error=N_("%(host)s hung up.", host="mail.example"))


def test_it_is_an_ordinary_english_string() -> None:
    assert LOST == "mail.example hung up. It may have been accepted."
    assert json.dumps({"error": LOST}) == '{"error": "mail.example hung up. It may have been accepted."}'
    assert N_("100 % of it is gone.") == "100 % of it is gone."


def test_an_error_gives_it_back_whole() -> None:
    for error in (Passing(LOST), ValueError(LOST)):
        assert str(error) is LOST
    wrapped = N_("Nothing came: %(error)s", error=ValueError(LOST))
    assert wrapped.values["error"].values["error"].words == "%(host)s hung up."


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_is_as_good(copied: Callable[[Sentence], Sentence]) -> None:
    again = copied(LOST)
    assert (again, again.words, again.values) == (LOST, LOST.words, LOST.values)


def test_it_comes_back_from_the_database_whole() -> None:
    again = unpack(pack(LOST, 2_000))
    assert (again, again.words) == (LOST, LOST.words)
    assert again.values["error"].words == "%(host)s hung up."
    assert unpack(pack(N_("%(share)s%% of it", share=5), 2_000)).values == {"share": 5}
    several = listed_sentences([N_("%(where)s is missing", where="text"), LOST])
    assert unpack(pack(several, 2_000)).values["part1"].words == LOST.words


@pytest.mark.parametrize(
    "told",
    [
        "",
        "away",
        '["%(x)s", {}]',
        '["it broke", {"a": 1}]',
        '["',
        "[1, 2]",
        '["a", 3]',
        "100 %",
        "%(host)s",
        "\x00\ud800a",
    ],
)
def test_a_platforms_own_words_are_never_taken_for_a_sentence(told: str) -> None:
    again = unpack(pack(told, 2_000))
    assert again == told.replace("\x00\ud800", "")
    assert unpack(pack(N_("X says: %(told)s", told=told), 2_000)) == "X says: " + again


def test_what_an_older_version_stored_is_read_as_it_was() -> None:
    for stored in (
        "The key is wrong.",
        '["half',
        '["a", {"b": 1}, 2]',
        '["%(a)d", {"a": "x"}]',
        '["a", "b"]',
        '["a", {"b": ["c", 3]}]',
        '["%(a)100000000s", {"a": "x"}]',
        '["%100000000s", {"a": "x"}]',
        '["%(a)*s", {"a": "x"}]',
        '[""' + "[" * 1_900,
    ):
        assert unpack(stored) == stored


@pytest.mark.parametrize("before", ["", "\x00"])
def test_what_is_too_long_to_be_packed_is_not_taken_for_a_sentence_either(before: str) -> None:
    told = '["%(a)s%(a)s", {"a": "said by a stranger"}]'
    assert unpack(pack(before + told + " " * (2_000 - len(told)), 2_000)).strip() == told
    assert unpack(pack(before + told, len(told))).strip() == told[:-1]


def test_the_longest_is_kept_as_cut_english() -> None:
    kept = pack(N_("X says: %(told)s", told="a" * 5_000), 2_000)
    assert (len(kept), kept[:9]) == (2_000, "X says: a")


def test_it_is_said_in_german(app: Flask) -> None:
    with app.test_request_context(), force_locale("de"):
        assert translate(LOST) == "mail.example hat aufgelegt. Es kann trotzdem angekommen sein."
        assert translate(unpack(pack(LOST, 2_000))) == translate(LOST)
        assert translate("So sagt es die Plattform: 5 % mehr") == "So sagt es die Plattform: 5 % mehr"
        assert translate("") == ""
        assert isinstance(translate(LOST), str)
        assert not isinstance(translate(LOST), Sentence)
