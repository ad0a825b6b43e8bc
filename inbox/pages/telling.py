"""Tells a person on the next page what has just happened, with a button that takes it back."""

from typing import Any

from flask import flash


def tell(text: str, *, undo: str = "", fields: dict[str, Any] | None = None) -> None:
    """Say `text`; `undo` is the address to post `fields` to in order to take it back."""
    flash({"text": text, "undo": {"url": undo, "fields": fields or {}} if undo else None}, "done")  # type: ignore[arg-type]


def tell_refusal(text: str) -> None:
    """Say why something was not done."""
    flash(text, "error")
