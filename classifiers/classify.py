"""`trellis classify`: JSON lines with a text in, JSON lines with its tags out; for scripts, and for trying the model."""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from classifiers.lines import MOST_LINE, read_lines
from classifiers.store import ModelRefused
from classifiers.tagger import Tagger, load_tagger

_BATCH = 256


@click.command("classify")
@click.option(
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="A model file instead of the shipped one.",
)
@click.pass_context
def command(context: click.Context, model: Path | None) -> None:
    """Tag texts: reads lines like {"text": "…", "lang": "de"} from standard input, `lang` being an optional hint.

    Writes a line {"primary", "tags", "labels", "lang"} for each. A line that cannot be read gives {"error", "line"}
    in its place, and 1 as the exit code at the end.
    """
    try:
        tagger = load_tagger(model)
    except ModelRefused as error:
        raise click.ClickException(str(error)) from error
    lines = enumerate(read_lines(sys.stdin.buffer), start=1)
    failed = False
    while batch := list(islice(lines, _BATCH)):
        for answer in _answers(tagger, batch):
            failed = failed or "error" in answer
            click.echo(json.dumps(answer, ensure_ascii=False))
    if failed:
        context.exit(1)


def _answers(tagger: Tagger, batch: list[tuple[int, bytes]]) -> Iterator[dict[str, Any]]:
    read = [(number, _read(line)) for number, line in batch if line]
    good = [found for _, found in read if not isinstance(found, str)]
    predictions = iter(tagger.tag([text for text, _ in good], [lang for _, lang in good]))
    for number, found in read:
        if isinstance(found, str):
            yield {"error": found, "line": number}
        else:
            answer = next(predictions)
            yield {"primary": answer.primary, "tags": answer.tags, "labels": answer.labels, "lang": answer.lang}


def _read(line: bytes) -> tuple[str, str | None] | str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return "This line is not JSON." if len(line) < MOST_LINE else f"This line is longer than {MOST_LINE:,} bytes."
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return 'This line has no "text" that is a string.'
    lang = row.get("lang")
    return row["text"], lang if isinstance(lang, str) else None
