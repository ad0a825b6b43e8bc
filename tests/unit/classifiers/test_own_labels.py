"""What we said of texts in public sets is found by the text, fills in what the source leaves open, and holds no text."""

import csv
import hashlib
from pathlib import Path
from typing import Any

import pytest

from classifiers import own_labels as module
from classifiers.examples import HEADS, read_manifest, set_examples, training_examples
from classifiers.own_labels import FOLDER, key_of, own_labels

SETS = sorted(path.stem for path in FOLDER.glob("*.csv"))


def test_every_file_belongs_to_a_set_and_names_nothing_but_heads() -> None:
    assert set(SETS) <= {dataset["name"] for dataset in read_manifest()["dataset"]}
    for name in SETS:
        for key, labels in own_labels(name).items():
            assert len(key) == len(key_of("")), key
            assert labels <= {*HEADS, "other"}
            assert labels


def test_a_set_that_nobody_read_has_none() -> None:
    assert own_labels("no such set") == {}


def test_we_fill_in_what_the_source_leaves_open_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["the lamp is broken", "who knows?", "read by nobody"]
    with (tmp_path / "some.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "lang", "split", *(f"y_{head}" for head in HEADS)])
        writer.writerows([text, "en", "cv", "0", *[""] * (len(HEADS) - 1)] for text in texts)
    (tmp_path / "labels").mkdir()
    lines = [f"{key_of(texts[0])},complaint", f"{key_of(texts[1])},question"]
    (tmp_path / "labels" / "some.csv").write_text("\n".join(["key,labels", *lines]), encoding="utf-8")
    monkeypatch.setattr(module, "FOLDER", tmp_path / "labels")
    digest = hashlib.sha256((tmp_path / "some.csv").read_bytes()).hexdigest()
    dataset = {"name": "some", "file": "some.csv", "source": "here", "sha256": digest}

    def taught(**more: Any) -> dict[str, tuple[bool | None, ...]]:
        return {one.text: one.said for one in training_examples(tmp_path, {"dataset": [dataset | more]})}

    found = taught()
    assert found[texts[0]] == (False, True, False, False, False)
    assert found[texts[1]] == (False, False, False, False, False)
    assert found[texts[2]] == (False, None, None, None, None)
    # A head that the manifest leaves to the source is not ours to fill in.
    assert taught(left_to_source=["complaint"])[texts[0]] == (False, None, False, False, False)
    assert set_examples(tmp_path / "some.csv")[0].said == (False, None, None, None, None)


@pytest.mark.parametrize("name", SETS)
def test_the_keys_are_those_of_texts_in_the_set(name: str, shared: Path) -> None:
    with (shared / "data" / "train" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        keys = {key_of(row["text"]) for row in csv.DictReader(file)}
    assert own_labels(name).keys() <= keys
