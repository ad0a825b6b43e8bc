"""`trellis evaluate`: figures that can be checked by hand, bad lines named, nothing counted twice."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from classifiers import evaluate
from classifiers.prediction import Prediction
from classifiers.tags import UNSURE, Tag


class Parrot:
    """Says what the text begins with: "idea 0.9 …"; anything below a half is no tag."""

    version = "parrot"

    def tag(self, texts: Sequence[str], languages: Sequence[str | None]) -> list[Prediction]:
        return [self._say(text, lang) for text, lang in zip(texts, languages, strict=True)]

    def _say(self, text: str, lang: str | None) -> Prediction:
        label, chance = text.split()[:2]
        labels = {tag.value: float(chance) if tag == label else 0.0 for tag in Tag}
        tags = tuple(name for name, sure in labels.items() if sure >= 0.5)
        return Prediction(labels, tags[0] if tags else UNSURE, tags, lang or "en")


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "load_tagger", lambda _model, second_look: Parrot())


def _lines(*rows: tuple[str, list[str], str]) -> bytes:
    return b"".join(
        json.dumps({"text": text, "labels": labels, "lang": lang}).encode() + b"\n" for text, labels, lang in rows
    )


def _report(lines: bytes, code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(evaluate.command, ["-", "--json"], input=lines)
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.usefixtures("parrot")
def test_figures_are_those_of_the_definitions() -> None:
    found = _report(
        _lines(
            ("idea 0.9", ["idea"], "de"),
            ("idea 0.9", ["complaint"], "de"),
            ("idea 0.1", ["idea"], "de"),
            ("idea 0.1", [], "de"),
        )
    )
    german = found["languages"]["de"]
    idea = german["labels"]["idea"]
    assert (idea["positive"], idea["precision"], idea["recall"], idea["f1"]) == (2, 0.5, 0.5, 0.5)
    assert idea["auroc"] == 0.5
    # Half of those said at 0.9 and half of those said at 0.1 are so.
    assert idea["calibration_error"] == pytest.approx(0.4)
    assert german["labels"]["troll"]["auroc"] is None
    assert german["macro_f1"] == pytest.approx((0.5 + 0) / 2)
    assert german["confusion"]["complaint"]["idea"] == 1
    assert german["confusion"]["idea"] == dict.fromkeys((*Tag, "other", "unsure"), 0) | {"idea": 1, "unsure": 1}
    assert german["confusion"]["other"]["unsure"] == 1


@pytest.mark.usefixtures("parrot")
def test_languages_stand_apart_and_together() -> None:
    found = _report(_lines(("idea 0.9", ["idea"], "de"), ("troll 0.9", ["idea"], "en"), ("idea 0.9", ["idea"], "en")))
    assert {lang: figures["rows"] for lang, figures in found["languages"].items()} == {"de": 1, "en": 2, "all": 3}
    assert found["languages"]["de"]["macro_f1"] == 1
    assert found["languages"]["en"]["labels"]["idea"]["recall"] == 0.5


@pytest.mark.usefixtures("parrot")
def test_of_several_labels_the_one_that_was_said_counts_once() -> None:
    table = _report(_lines(("idea 0.9", ["complaint", "idea"], "de")))["languages"]["de"]["confusion"]
    assert table["idea"]["idea"] == 1
    assert sum(sum(cells.values()) for cells in table.values()) == 1


@pytest.mark.usefixtures("parrot")
def test_bad_lines_are_named_and_left_out() -> None:
    bad = (
        b'not json\n\n{"text": 5, "labels": []}\n{"text": "idea 1"}\n{"text": "idea 1", "labels": ["joy"]}\n'
        b'{"text": "idea 1", "labels": [[]]}\n{"text": "idea 1", "labels": ["other", "idea"]}\n'
        b'{"text": "idea 1", "labels": [], "lang": "<b>"}\n\xff\xfe\n'
    )
    result = CliRunner().invoke(
        evaluate.command, ["-", "--json"], input=bad + _lines(("idea 0.9", ["idea", "idea"], "de"))
    )
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        f"Line {n}" for n in (1, 3, 4, 5, 6, 7, 8, 9)
    ]
    assert (json.loads(result.stdout)["rows"], json.loads(result.stdout)["skipped"]) == (1, 8)


@pytest.mark.usefixtures("parrot")
def test_of_many_bad_lines_the_first_are_named_and_all_counted() -> None:
    lines = b"nonsense\n" * 25_000 + _lines(("idea 0.9", ["idea"], "de"))
    result = CliRunner().invoke(evaluate.command, ["-", "--json"], input=lines)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "… and 24,980 more that cannot be read."
    assert len(result.stderr.splitlines()) == 21
    assert json.loads(result.stdout)["skipped"] == 25_000


@pytest.mark.parametrize("content", [b"", b"\n\n", b"nonsense\n"])
def test_a_file_without_a_labelled_line_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "empty.jsonl").write_bytes(content)
    result = CliRunner().invoke(evaluate.command, [str(tmp_path / "empty.jsonl")])
    assert result.exit_code == 1
    assert "no labelled line" in result.stderr


def test_a_missing_file_is_refused_in_a_sentence() -> None:
    result = CliRunner().invoke(evaluate.command, ["nowhere.jsonl"])
    assert result.exit_code == 2
    assert "nowhere.jsonl" in result.stderr


def test_the_shipped_model_fills_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(
        _lines(("Wie kann ich kündigen?", ["question"], "de"), ("please add dark mode", ["idea"], "en"))
        + b'{"text": "Danke, super!", "labels": ["other"]}\n' * 600
    )
    result = CliRunner().invoke(evaluate.command, [str(path)])
    assert result.exit_code == 0
    assert "602 texts" in result.stdout
    assert "\nde: 601 texts" in result.stdout
    assert "macro-F1   1.000" in result.stdout
    assert "is / said" in result.stdout
