"""Rows by the id in an address: there, or the page that says that there is nothing."""

from typing import TypeVar

from flask import abort
from sqlalchemy.orm import Session

from inbox.database import Base

Row = TypeVar("Row", bound=Base)
LARGEST_ID = 2**63 - 1


def found(session: Session, table: type[Row], row_id: int | str) -> Row:
    """The row with this id. Anything that is no id (text, or a number no database holds) is not found either."""
    number = int(row_id) if str(row_id).isdecimal() and len(str(row_id)) < 20 else 0
    return (session.get(table, number) if 0 < number <= LARGEST_ID else None) or abort(404)
