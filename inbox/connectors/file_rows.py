"""The rows of a CSV or JSONL file as dictionaries, one at a time; a broken row costs one row, not the rest of the file."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from inbox.connectors.contract import N_
from inbox.connectors.file_lines import Line, Lines

DELIMITERS = ",;\t|"
ROW_LINES = 500
FIELD_LIMIT = 1_000_000
SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its values, or what is wrong with it and what it looked like."""

    line_number: int
    end: int
    values: dict[str, Any] | None
    problem: str = ""
    raw: str = ""


def csv_rows(lines: Lines, header: Sequence[str], delimiter: str) -> Iterator[Row]:
    """Rows below the header, keyed by its names. Blank lines are passed over."""
    for taken, fields in _records(lines, delimiter):
        raw = "\n".join(line.text for line in taken)[:SHOWN]
        number, end = taken[0].number, taken[-1].end
        if fields is None:
            problem = N_("the row never ends: a quotation mark is missing, or it is too long")
            yield Row(number, end, None, problem, raw)
        elif any(fields):
            surplus = len(fields) - len(header)
            if surplus > 0 and any(fields[len(header) :]):
                found, named = len(fields), len(header)
                problem = N_("it has %(found)s fields where the header has %(named)s", found=found, named=named)
                yield Row(number, end, None, problem, raw)
            else:
                yield Row(number, end, dict(zip(header, fields, strict=False)))


def csv_header(lines: Lines, wanted: Sequence[str]) -> tuple[list[str], str]:
    """The names in the first filled line and the delimiter that makes most sense of it. Raises ValueError when there are none."""
    csv.field_size_limit(FIELD_LIMIT)
    first = lines.next()
    while first is not None and not first.text.strip():
        first = lines.next()
    if first is None:
        raise ValueError(N_("it is empty"))
    said = first.text.strip().lower()
    if said.startswith("sep=") and len(said) == 5:
        # Excel writes this line, and reads it.
        return csv_header(lines, wanted)
    best: tuple[tuple[int, int], list[str], str] | None = None
    for delimiter in DELIMITERS:
        try:
            names = next(csv.reader([first.text.lstrip("\ufeff")], delimiter=delimiter), [])
        except csv.Error:
            continue
        score = (sum(1 for name in names if column_name(name) in wanted), len(names))
        if best is None or score > best[0]:
            best = (score, [column_name(name) for name in names], delimiter)
    if best is None or not any(best[1]):
        raise ValueError(N_("its first line names no columns"))
    return best[1], best[2]


def json_rows(lines: Lines) -> Iterator[Row]:
    """One object per line. Blank lines are passed over."""
    while (line := lines.next()) is not None:
        if not line.text.strip():
            continue
        values, problem = None, N_("the line is longer than 2 MB") if line.is_cut else ""
        if not problem:
            try:
                values = json.loads(line.text)
            except (ValueError, RecursionError):
                problem = N_("it is not JSON")
        if not problem and not isinstance(values, dict):
            values, problem = None, N_("it is not a JSON object")
        if values:
            # "Text" is found as "text"; names as they were still count, for mappings.
            values = {column_name(name): value for name, value in values.items()} | values
        yield Row(line.number, line.end, values, problem, line.text[:SHOWN])


def column_name(name: str) -> str:
    """A column's name as it is compared: lower case, spaces and hyphens as underscores."""
    return "_".join(name.strip().lower().replace("-", " ").split())[:200]


def _records(lines: Lines, delimiter: str) -> Iterator[tuple[list[Line], list[str] | None]]:
    """Lines that belong together with their fields; None for fields that cannot be told apart."""
    while True:
        taken: list[Line] = []
        ended: list[bool] = []

        def pull(taken: list[Line] = taken, ended: list[bool] = ended) -> Iterator[str]:
            while len(taken) < ROW_LINES and (line := lines.next()) is not None:
                taken.append(line)
                if line.is_cut:
                    break
                yield line.text + "\n"
            ended.append(True)

        try:
            fields = next(csv.reader(pull(), delimiter=delimiter), None)
        except csv.Error:
            fields = None
        if not taken:
            return
        if fields is None or ended:
            # A quotation mark that nobody closes swallows what follows: only its own line is given up.
            lines.put_back(taken[1:])
            yield taken[:1], None
        else:
            if fields and fields[-1].endswith("\n"):
                fields[-1] = fields[-1].rstrip("\n")
            yield taken, fields
