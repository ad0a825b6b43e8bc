"""`trellis train`: the same files give the same model, other files are refused, and the card tells what was measured."""

import csv
import hashlib
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from classifiers import examples, train
from classifiers.examples import (
    HEADS,
    DatasetRefused,
    frozen_examples,
    longer_examples,
    read_manifest,
    seed_examples,
    training_examples,
)
from classifiers.tagger import load_tagger
from classifiers.weigh import fold_of

COLUMNS = ["text", "lang", "source", "split", *(f"y_{head}" for head in HEADS)]
LINES = {
    "question": ["how do i {}?", "wie kann ich {}?", "where do i find {}", "weiß jemand wo {} ist"],
    "complaint": ["{} is broken again", "{} geht schon wieder nicht", "still no {}, awful", "{} stürzt ständig ab"],
    "idea": ["please add {}", "wäre schön wenn es {} gäbe", "i suggest {}", "bitte {} einbauen"],
    "troll": ["you idiots and your {}", "ihr deppen mit eurem {}", "shut up about {} moron", "halt die klappe mit {}"],
    "praise": ["{} is great, thanks", "danke für {}, super", "love {}", "{} ist klasse"],
    "": ["{} is here", "heute gibt es {}", "we saw {}", "das ist {}"],
}
THINGS = ["export", "login", "bus", "kalender", "app", "rechnung", "forum", "update", "karte", "video", "shop", "kurs"]


def _write(path: Path, rows: int = 500, seed: int = 0) -> str:
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(rows):
            label = chance.choice(list(LINES))
            place = chance.randrange(4)
            text = LINES[label][place].format(f"{chance.choice(THINGS)} {number % 37}x")
            split = "test" if number % 5 == 0 else "train"
            writer.writerow([text, "de" if place % 2 else "en", "t", split, *(int(head == label) for head in HEADS)])
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """One small set instead of the public ones, and no messages of our own."""
    (tmp_path / "train").mkdir()
    digest = _write(tmp_path / "train" / "small.csv")
    dataset = {
        "name": "small",
        "file": "small.csv",
        "source": "here",
        "licence": "ours",
        "sha256": digest,
        "map": "made",
    }
    found = read_manifest() | {"dataset": [dataset | {"held_out": "test"}]}
    monkeypatch.setattr(train, "read_manifest", lambda: found)
    monkeypatch.setattr(examples, "SEED", tmp_path / "none")
    return found


def _train(tmp_path: Path, out: str, *more: str) -> Any:
    return CliRunner().invoke(train.command, ["--data", str(tmp_path / "train"), "--out", str(tmp_path / out), *more])


def test_training_twice_gives_the_same_file_and_a_model_that_works(tmp_path: Path, manifest: dict[str, Any]) -> None:
    assert _train(tmp_path, "one").exit_code == 0
    assert _train(tmp_path, "two").exit_code == 0
    (one,), (two,) = (tmp_path / "one").glob("*.zip"), (tmp_path / "two").glob("*.zip")
    assert (one.name, one.read_bytes()) == (two.name, two.read_bytes())
    found = load_tagger(one).tag(["please add a calendar", "you moron", "wie kann ich den kurs buchen?"])
    assert [answer.primary for answer in found] == ["idea", "troll", "question"]


def test_the_card_names_sets_licences_and_figures_of_this_run(tmp_path: Path, manifest: dict[str, Any]) -> None:
    (tmp_path / "measure").mkdir()
    _write(tmp_path / "measure" / "elsewhere.csv", rows=300, seed=1)
    assert _train(tmp_path, "out", "--measure", str(tmp_path / "measure")).exit_code == 0
    card = (tmp_path / "out" / "model_card.md").read_text("utf-8")
    assert "| small | 400 | ours | here |" in card
    assert "| idea | small (held out) |" in card
    assert "| troll | elsewhere |" in card
    assert str(tmp_path) not in card


def test_a_new_model_replaces_the_old_one(tmp_path: Path, manifest: dict[str, Any]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tagger-0-old.zip").write_bytes(b"old")
    assert _train(tmp_path, "out").exit_code == 0
    assert [path.name for path in (tmp_path / "out").glob("*old*")] == []


def test_another_file_under_the_same_name_is_refused(tmp_path: Path, manifest: dict[str, Any]) -> None:
    _write(tmp_path / "train" / "small.csv", seed=5)
    result = _train(tmp_path, "out")
    assert result.exit_code == 1
    assert "checksum" in result.output
    assert list(tmp_path.glob("out/*.zip")) == []


def test_a_missing_set_says_where_to_get_it(tmp_path: Path, manifest: dict[str, Any]) -> None:
    (tmp_path / "train" / "small.csv").unlink()
    result = _train(tmp_path, "out")
    assert result.exit_code == 1
    assert "get it from here" in result.output


def test_rows_held_out_are_never_learned_from(tmp_path: Path, manifest: dict[str, Any]) -> None:
    assert len(training_examples(tmp_path / "train", manifest)) == 400


def test_a_file_without_the_columns_is_refused(tmp_path: Path, manifest: dict[str, Any]) -> None:
    path = tmp_path / "train" / "small.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    manifest["dataset"][0]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(DatasetRefused, match="labelled set"):
        training_examples(tmp_path / "train", manifest)


def test_of_our_own_messages_a_theme_is_held_out_whole() -> None:
    themes = np.array(["messages/a", "forum", "messages/b", "messages/a", "forum", "messages/a", "forum", "forum"])
    folds = fold_of(themes, 3)
    assert len(set(folds[themes == "messages/a"])) == 1
    assert folds[0] != folds[2]
    assert len(set(folds[themes == "forum"])) > 1


def test_where_there_are_enough_sets_each_is_held_out_whole() -> None:
    sources = np.array(["forum", "shop", "forum", "trains", "messages/a", "shop", "trains", "shop"])
    folds = fold_of(sources, 3)
    assert all(len(set(folds[sources == name])) == 1 for name in set(sources))
    assert set(folds) == {0, 1, 2}


def test_sentences_go_on_and_keep_what_is_known_of_them(tmp_path: Path, manifest: dict[str, Any]) -> None:
    plain = training_examples(tmp_path / "train", manifest)
    manifest["dataset"][0]["joined"] = 1
    joined = training_examples(tmp_path / "train", manifest)
    assert len(joined) == len(plain)
    parts = {example.text: example.said for example in plain}
    longer = next(example for example in joined if example.text.startswith(plain[0].text + " "))
    inside = [said for text, said in parts.items() if text in longer.text]
    assert len(inside) > 1
    assert longer.said == tuple(any(column) for column in zip(*inside, strict=True))


def test_our_own_messages_are_taught_among_small_talk_of_their_theme() -> None:
    own = seed_examples()
    by_text = {(example.source, example.text): example.said for example in own}
    longer = longer_examples(own)
    assert longer == longer_examples(own)
    assert len(own) / 2 < len(longer) < len(own)
    for example in longer[:200]:
        parts = [said for (source, text), said in by_text.items() if source == example.source and text in example.text]
        assert example.said in parts


def test_frozen_messages_are_learned_by_nobody_and_speak_of_everything() -> None:
    learned, frozen = {example.text.casefold() for example in seed_examples()}, frozen_examples()
    assert not learned & {example.text.casefold() for example in frozen}
    for lang in ("de", "en"):
        spoken = [example for example in frozen if example.lang == lang]
        assert len(spoken) >= 150
        assert all(sum(bool(example.said[column]) for example in spoken) >= 10 for column in range(len(HEADS)))


def test_our_own_messages_are_many_varied_and_labelled() -> None:
    found = seed_examples() + frozen_examples()
    words = Counter(" ".join(example.text.lower().split()[:3]) for example in found)
    # Sentences from a mould begin alike.
    assert words.most_common(1)[0][1] <= len(found) / 100
    assert len({(example.lang, example.text) for example in found}) == len(found)
    for lang, fewest in (("de", 1500), ("en", 1200)):
        spoken = [example for example in found if example.lang == lang]
        assert len(spoken) >= fewest
        for column in range(len(HEADS)):
            assert sum(bool(example.said[column]) for example in spoken) >= 80
        assert sum(sum(map(bool, example.said)) > 1 for example in spoken) >= 50
