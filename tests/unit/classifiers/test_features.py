"""Hashing whole batches at once gives what hashing text by text would."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.clean import clean
from classifiers.cues import CUES, NEAR, OPENING
from classifiers.features import BITS, read_features
from classifiers.tokens import CHUNK
from classifiers.turns import GROUPS, NAMES


def _one(text: str) -> tuple[list[int], list[int], list[float]]:
    (chunk,) = read_features([text], [0.0])
    return sorted(chunk.words[1].tolist()), sorted(chunk.letters[1].tolist()), chunk.cues[0].tolist()


def _cues(text: str) -> dict[str, float]:
    (chunk,) = read_features([clean(text)], [0.0])
    return dict(zip(NAMES, chunk.cues[0].tolist(), strict=True))


# The first text waits for the lexicon.
@settings(deadline=None)
@given(st.lists(st.text().map(clean), min_size=1, max_size=6))
def test_neighbours_in_a_batch_do_not_change_a_text(texts: list[str]) -> None:
    (chunk,) = read_features(texts, [0.0] * len(texts))
    for row, text in enumerate(texts):
        words, letters, cues = _one(text)
        assert sorted(chunk.words[1][chunk.words[0] == row].tolist()) == words
        assert sorted(chunk.letters[1][chunk.letters[0] == row].tolist()) == letters
        np.testing.assert_allclose(chunk.cues[row], cues)


def test_long_batches_come_in_chunks_that_hold_every_text_once() -> None:
    texts = ["wort " * 700 + "x"] * 30
    chunks = list(read_features(texts, [0.0] * 30))
    assert len(chunks) > 1
    assert sum(chunk.size for chunk in chunks) == 30
    assert all(chunk.size * len(texts[0]) <= CHUNK + len(texts[0]) for chunk in chunks)


def test_the_same_word_hashes_alike_wherever_it_stands() -> None:
    alone, later = _one("export")[0], _one("bitte den export")[0]
    assert set(alone) <= set(later)


def test_places_fill_the_table_evenly() -> None:
    (chunk,) = read_features([" ".join(f"w{number:x}" for number in range(4000))], [0.0])
    used = np.unique(chunk.words[1])
    assert used.max() < 2**BITS
    assert len(used) > 0.97 * len(np.unique(chunk.words[1]))
    assert np.bincount(chunk.words[1] >> (BITS - 4), minlength=16).min() > 300


def test_cues_are_found_by_phrase_prefix_nearness_and_place() -> None:
    found = _cues("Die App funktioniert seit gestern leider nicht, enttäuschend.")
    assert found["suffers"] > 0
    assert found["works … not"] > 0
    assert _cues("Wie geht das")["w-word at start"] > 0
    assert _cues("Das geht wie immer")["w-word at start"] == 0
    assert _cues("Das geht so. Wie immer?")["ends asking"] == 1


def test_cues_do_not_reach_into_the_next_text() -> None:
    (chunk,) = read_features(["es funktioniert", "nicht schlecht"], [0.0, 0.0])
    assert chunk.cues[0][NAMES.index("works … not")] == 0


def test_every_group_that_is_named_exists() -> None:
    assert {name for pair in NEAR for name in pair[:2]} | set(OPENING) <= set(GROUPS)


def test_no_cue_is_longer_than_what_is_looked_for() -> None:
    for members in CUES.values():
        for cue in members.split(";"):
            words = cue.split()
            assert len(words) <= 4, cue
            assert not cue.strip().endswith("*") or (len(words) == 1 and 3 <= len(words[0]) - 1 <= 12), cue


def test_every_cue_can_be_met_in_a_cleaned_text() -> None:
    for members in CUES.values():
        for cue in filter(None, (" ".join(cue.split()) for cue in members.split(";"))):
            plain = cue.removesuffix("*")
            assert plain in {"xlinkx", "xnamex", "xmailx"} or clean(plain) == plain, cue
