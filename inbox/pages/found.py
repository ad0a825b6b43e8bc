"""Rows by the id in an address: there, or the page that says that there is nothing."""

from datetime import date
from typing import TypeVar

from flask import abort
from sqlalchemy.orm import Session

from inbox.database import LARGEST_ID, Base

Row = TypeVar("Row", bound=Base)


def found(session: Session, table: type[Row], given: int | str) -> Row:
    """The row with this id. Anything that is no id (text, or a number no database holds) is not found either."""
    number = row_id(str(given))
    return (session.get(table, number) if number else None) or abort(404)


def row_id(given: str | None) -> int | None:
    """The id that stands in a form or an address; None for anything that no row can have."""
    return filter_id(given) or None


def filter_id(given: str | None) -> int | None:
    """The same where 0 may be chosen too, which means "those of none"."""
    number = int(given) if given and given.isascii() and given.isdigit() and len(given) < 20 else -1
    return number if 0 <= number <= LARGEST_ID else None


def found_day(given: str) -> date | None:
    """The day that stands in an address as 2026-11-21; None for anything else."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None
