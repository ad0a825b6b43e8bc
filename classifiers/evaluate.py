"""`trellis evaluate`: how right the tagger is about a file of labelled texts, per language; for people and, as JSON, for scripts."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import click
import numpy as np

from classifiers.figures import calibration_error, head_figures, mean
from classifiers.lines import MOST_LINE, read_lines
from classifiers.prediction import Prediction
from classifiers.store import ModelRefused
from classifiers.tagger import Tagger, load_tagger
from classifiers.tags import OTHER, UNSURE, Tag

_BATCH = 256
_NAMED = 20
_LABELS = {*Tag, OTHER}
_COLUMNS = (*Tag, OTHER, UNSURE)
_ALL = "all"


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    labels: tuple[str, ...]
    lang: str | None


@dataclass(frozen=True, slots=True)
class _Answer:
    """One text's labels beside what the tagger said; the text itself is not kept."""

    labels: tuple[str, ...]
    lang: str
    chances: tuple[float, ...]
    tags: tuple[str, ...]
    primary: str


@click.command("evaluate")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@click.option(
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="A model file instead of the shipped one.",
)
@click.option(
    "--second-look", is_flag=True, help="Look twice at what the tagger is unsure of; needs the optional package."
)
@click.pass_context
def command(context: click.Context, file: IO[bytes], as_json: bool, model: Path | None, second_look: bool) -> None:
    """Say how right the tagger is about FILE ("-": standard input), lines like {"text": "…", "labels": ["idea"], "lang": "de"}.

    `labels` names all that hold, nothing or "other" if none; `lang` may be left out. A line that cannot be read is
    left out and gives 1 as the exit code; the first of them are named.
    """
    try:
        tagger = load_tagger(model, second_look=second_look)
    except ModelRefused as error:
        raise click.ClickException(str(error)) from error
    answers: list[_Answer] = []
    bad = 0
    lines = enumerate(read_lines(file), start=1)
    while batch := list(islice(lines, _BATCH)):
        good = []
        for number, raw in batch:
            found = _read(raw) if raw else None
            if isinstance(found, _Line):
                good.append(found)
            elif found:
                bad += 1
                if bad <= _NAMED:
                    click.echo(f"Line {number}: {found}", err=True)
        answers += _answers(tagger, good)
    if bad > _NAMED:
        click.echo(f"… and {bad - _NAMED:,} more that cannot be read.", err=True)
    if not answers:
        raise click.ClickException(f"{file.name} holds no labelled line; nothing was evaluated.")
    report = {"model": tagger.version, "rows": len(answers), "skipped": bad, "languages": _by_language(answers)}
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else "\n".join(_words(report)))
    if bad:
        context.exit(1)


def _read(raw: bytes) -> _Line | str:
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError):
        return "not JSON." if len(raw) < MOST_LINE else f"longer than {MOST_LINE:,} bytes."
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return 'no "text" that is a string.'
    labels, lang = row.get("labels"), row.get("lang")
    if not isinstance(labels, list) or not all(isinstance(label, str) and label in _LABELS for label in labels):
        return f'"labels" must be a list of {", ".join(Tag)} or {OTHER}.'
    if OTHER in labels and len(set(labels)) > 1:
        return f'"labels" says {OTHER} and something else.'
    if not (lang is None or (isinstance(lang, str) and lang.isalpha() and lang.islower() and len(lang) <= 3)):
        return '"lang" must be a code such as "de".'
    return _Line(row["text"], tuple(label for label in dict.fromkeys(labels) if label != OTHER), lang)


def _answers(tagger: Tagger, lines: Sequence[_Line]) -> Iterator[_Answer]:
    found = tagger.tag([line.text for line in lines], [line.lang for line in lines])
    for line, said in zip(lines, found, strict=True):
        yield _Answer(line.labels, line.lang or said.lang, _chances(said), said.tags, said.primary)


def _chances(said: Prediction) -> tuple[float, ...]:
    return tuple(said.labels[tag] for tag in Tag)


def _by_language(answers: Sequence[_Answer]) -> dict[str, Any]:
    langs = sorted({answer.lang for answer in answers})
    found = {lang: _figures([answer for answer in answers if answer.lang == lang]) for lang in langs}
    return found if len(langs) == 1 else found | {_ALL: _figures(answers)}


def _figures(answers: Sequence[_Answer]) -> dict[str, Any]:
    heads: dict[str, dict[str, Any]] = {}
    for column, tag in enumerate(Tag):
        truth = np.array([tag in answer.labels for answer in answers], dtype=bool)
        held = np.array([float(tag in answer.tags) for answer in answers])
        chances = np.array([answer.chances[column] for answer in answers])
        # Each text was held against the threshold of its language already.
        cut, ranked = head_figures(held, truth, 0.5), head_figures(chances, truth, 0.5)
        heads[tag.value] = {
            "positive": cut.positive,
            "precision": round(cut.precision, 4),
            "recall": round(cut.recall, 4),
            "f1": round(cut.f1, 4),
            "auroc": None if ranked.auroc != ranked.auroc else round(ranked.auroc, 4),
            "calibration_error": round(calibration_error(chances, truth, np.ones(len(answers))), 4),
        }
    # A label that no text carries has no F1 to speak of.
    macro = mean([head["f1"] for head in heads.values() if head["positive"]])
    return {
        "rows": len(answers),
        "labels": heads,
        "macro_f1": None if macro != macro else round(macro, 4),
        "confusion": _confusion(answers),
    }


def _confusion(answers: Sequence[_Answer]) -> dict[str, dict[str, int]]:
    """Rows: the label; columns: the primary tag given. Of several labels the one given counts, else the first."""
    table = {row: dict.fromkeys(map(str, _COLUMNS), 0) for row in map(str, (*Tag, OTHER))}
    for answer in answers:
        so = answer.primary if answer.primary in answer.labels else (*answer.labels, OTHER)[0]
        table[so][answer.primary] += 1
    return table


def _words(report: dict[str, Any]) -> Iterator[str]:
    yield f"Model {report['model']}, {report['rows']:,} texts, {report['skipped']} lines left out"
    for lang, found in report["languages"].items():
        yield f"\n{lang}: {found['rows']:,} texts"
        yield f"{'':<10} {'positive':>8} {'precision':>9} {'recall':>6} {'F1':>5} {'AUROC':>5} {'calibration error':>17}"
        for label, head in found["labels"].items():
            auroc = "-" if head["auroc"] is None else f"{head['auroc']:.3f}"
            yield (
                f"{label:<10} {head['positive']:>8,} {head['precision']:>9.3f} {head['recall']:>6.3f} {head['f1']:>5.3f}"
                f" {auroc:>5} {head['calibration_error']:>17.3f}"
            )
        macro = found["macro_f1"]
        yield f"macro-F1   {'-' if macro is None else f'{macro:.3f}'}, of the labels that occur"
        yield f"\n{'is / said':<10}" + "".join(f"{column:>10}" for column in _COLUMNS)
        for row, cells in found["confusion"].items():
            yield f"{row:<10}" + "".join(f"{count:>10,}" for count in cells.values())
