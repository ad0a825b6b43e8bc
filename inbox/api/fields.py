"""What requests may carry, strictly: a number is a number, a cursor is one of ours, a text fits a database."""

import re
from typing import Any

import marshmallow as ma

from inbox.database import LARGEST_ID

LARGEST_PAGE = 200
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Whole(ma.fields.Integer):
    """A whole number in JSON; a boolean or a string is none."""

    def __init__(self, *, lowest: int = 0, highest: int = LARGEST_ID, **options: Any) -> None:
        super().__init__(strict=True, validate=ma.validate.Range(lowest, highest), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        # JSON knows one kind of number: 5.0 is 5.
        if isinstance(value, bool) or not isinstance(value, int | float) or value % 1:
            raise self.make_error("invalid", input=value)
        return super()._deserialize(int(value), attr, data, **options)


class Number(ma.fields.Integer):
    """A whole number in a query string."""

    def __init__(self, *, lowest: int = 0, highest: int = LARGEST_ID, **options: Any) -> None:
        super().__init__(validate=ma.validate.Range(lowest, highest), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **options)


class Words(ma.fields.String):
    """A text that any database stores."""

    def __init__(self, *, shortest: int = 0, longest: int, **options: Any) -> None:
        super().__init__(validate=ma.validate.Length(shortest, longest), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **options)
        if _UNSTORABLE.search(text):
            raise ma.ValidationError("Contains characters that are no text.")
        return text


class Cursor(ma.fields.String):
    """Where a page begins: `next` of the page before."""

    def __init__(self, form: str = r"^\d{1,19}$", **options: Any) -> None:
        super().__init__(validate=[ma.validate.Regexp(form), ma.validate.Length(max=60)], **options)


class PageQuery(ma.Schema):
    """How much of a list, and from where."""

    limit = Number(lowest=1, highest=LARGEST_PAGE, load_default=50, metadata={"description": "How many, at most 200."})


class Given(ma.Schema):
    """A body in which nothing stands that we do not know."""

    class Meta:
        unknown = ma.RAISE
