"""The lexicon holds words as `clean` leaves them, each once in a block, and they are counted, alone and near each other."""

from pathlib import Path

import pytest

from classifiers import lexicon
from classifiers.clean import clean
from classifiers.cues import CUES
from classifiers.features import read_features
from classifiers.lexicon import BLOCKS, read_lexicon
from classifiers.turns import MOST_COUNTED, NAMES


def _counted(text: str) -> dict[str, float]:
    (chunk,) = read_features([clean(text)], [0.0])
    return dict(zip(NAMES, map(float, chunk.cues[0]), strict=True))


def test_every_word_can_be_met_in_a_cleaned_text() -> None:
    for block, words in read_lexicon().items():
        assert len(words) > 100, block
        for word in words:
            plain = word.removesuffix("*")
            assert clean(plain) == plain, word
            assert plain == word or 3 <= len(plain) <= 12, word


def test_no_block_is_named_like_a_group_of_cues() -> None:
    assert not set(BLOCKS) & set(CUES)


def test_a_file_repeats_no_word_of_a_block() -> None:
    for path in lexicon.FOLDER.glob("*.txt"):
        for part in path.read_text("utf-8").split("[")[1:]:
            words = part.split("]")[1].split()
            assert len(words) == len(set(words)), path


def test_a_block_of_another_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "xx.txt").write_text("[weather]\nrain\n", encoding="utf-8")
    monkeypatch.setattr(lexicon, "FOLDER", tmp_path)
    with pytest.raises(KeyError, match="weather"):
        read_lexicon()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Die Weiche ist vereist, Zugausfälle", ["trouble"]),
        ("not good", ["negation", "good", "negation … good"]),
        ("nicht besonders schlecht", ["negation … bad"]),
        ("a really awful day", ["strong … bad"]),
        ("these immigrants are scum", ["group … insult"]),
        ("man sollte eine Ampel einführen", ["ought … change"]),
    ],
)
def test_words_count_alone_and_near_each_other(text: str, names: list[str]) -> None:
    counted = _counted(text)
    assert [name for name in names if not counted[name]] == []


def test_what_stands_far_apart_is_not_near() -> None:
    assert not _counted("nicht weil wir gestern alle zusammen dort waren sondern gut")["negation … good"]


def test_a_word_that_is_repeated_without_end_counts_no_more_than_twice() -> None:
    assert _counted("kaputt " * MOST_COUNTED)["trouble"] == _counted("kaputt " * 20)["trouble"]
