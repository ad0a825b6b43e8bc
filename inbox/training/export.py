"""The ledger as a file for others: CSV for spreadsheets, JSON lines for programs and for `trellis evaluate`."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any

from sqlalchemy.orm import Session

from inbox.labels.models import LABELS, Correction
from inbox.training.browse import Filters, Row, rows
from inbox.training.teachable import teachable

AT_ONCE = 500
BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know that the umlauts are UTF-8
# What a spreadsheet would take for a formula; signs of full width it takes for the plain ones.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Line:
    """One correction in a file. `text` is None where nobody may learn from it; `labels` and `lang` are as in `trellis evaluate`."""

    id: int
    at: str
    teammate: str
    message: int
    conversation: int
    channel: str
    kind: str
    lang: str | None
    before: list[str]
    before_primary: str
    labels: list[str]
    primary: str
    model_version: str
    probabilities: dict[str, Any]
    undone_at: str | None
    contradicted: bool
    text: str | None


def export(reading: Callable[[], AbstractContextManager[Session]], filters: Filters) -> Iterator[Line]:
    """Every correction that the filters leave, newest first. Each few hundred are one statement and one look at the database."""
    below: int | None = None
    while True:
        query = rows(filters, excerpt=None).add_columns(teachable())
        query = query.order_by(Correction.id.desc()).limit(AT_ONCE)
        with reading() as session:
            found = session.execute(query if below is None else query.where(Correction.id < below)).all()
        yield from (_line(Row(*row[:-1]), may_teach=bool(row[-1])) for row in found)
        if len(found) < AT_ONCE:
            return
        below = found[-1][0]


def as_jsonl(lines: Iterator[Line]) -> Iterator[str]:
    """One JSON object a line."""
    return (json.dumps(asdict(line), ensure_ascii=False) + "\n" for line in lines)


def as_csv(lines: Iterator[Line]) -> Iterator[str]:
    """The same with a header, probabilities one to a column, and nothing that a spreadsheet would calculate."""
    numbers = [tag.value for tag in LABELS]
    names = [name for name in Line.__slots__ if name != "probabilities"]
    yield BYTE_ORDER_MARK + _written([*names, *numbers])
    for line in lines:
        values = (getattr(line, name) for name in names)
        yield _written([*(_plain(value) for value in values), *(line.probabilities.get(name, "") for name in numbers)])


def _line(row: Row, *, may_teach: bool) -> Line:
    return Line(
        id=row.id,
        at=row.at.isoformat(),
        teammate=row.teammate_name or "",
        message=row.message_id,
        conversation=row.conversation_id,
        channel=row.channel_name,
        kind=row.channel_kind,
        lang=row.language or None,
        before=row.before.split(),
        before_primary=row.before_primary,
        labels=row.after.split(),
        primary=row.after_primary,
        model_version=row.model_version,
        probabilities=row.probabilities,
        undone_at=row.undone_at.isoformat() if row.undone_at else None,
        contradicted=row.is_contradicted,
        text=row.text if may_teach else None,
    )


def _written(values: list[Any]) -> str:
    out = StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value
