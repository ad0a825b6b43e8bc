"""Turns a page of foreign items into messages one by one, so that one bad item never blocks the rest. For the connectors."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from inbox.connectors.contract import N_, BadItem, Batch, IncomingMessage, Sentence, listed_sentences
from inbox.connectors.lenient import is_before

RAW_LIMIT = 64_000
# What reading foreign JSON can raise; everything else is our own mistake or the network's.
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
# What a field should be, by how pydantic's name of the fault begins; its own text is English and names our classes.
EXPECTED = {
    "bool": N_("true or false is expected"),
    "date": N_("a time is expected"),
    "datetime": N_("a time is expected"),
    "dict": N_("an object is expected"),
    "float": N_("a number is expected"),
    "int": N_("a whole number is expected"),
    "list": N_("a list is expected"),
    "model": N_("an object is expected"),
    "string": N_("a text is expected"),
}

Place = Mapping[str, Any]


@dataclass(slots=True)
class Harvest:
    """What became of the items: every one is in exactly one of the three."""

    messages: list[IncomingMessage] = field(default_factory=list)
    bad: list[BadItem] = field(default_factory=list)
    filtered: int = 0

    def add(self, other: Self) -> None:
        """What became of other items too."""
        self.messages += other.messages
        self.bad += other.bad
        self.filtered += other.filtered


def read_each(
    items: Iterable[Any],
    read: Callable[[Any], Sequence[IncomingMessage]],
    place: Place | Callable[[Any], Place] | None = None,
) -> Harvest:
    """`read` gives an item's messages, none for an item that is not for us; what it cannot read becomes a BadItem.

    Where items do not say themselves all that reading them takes, `place` is the rest (a thread, an author's name) as a little
    plain JSON, the same for all or told of each; it is kept with what could not be read, for `read_in_place`. It must cope
    with any item.
    """
    harvest = Harvest()
    for item in items:
        try:
            messages = read(item)
        except UNREADABLE as error:
            stood = place(item) if callable(place) else place
            kept = item if stood is None else {"item": item, "place": stood}
            harvest.bad.append(BadItem(unread(error), dumped(kept), name_of(item)))
        else:
            harvest.messages.extend(messages)
            harvest.filtered += not messages
    return harvest


def not_before(since: datetime | None, message: IncomingMessage) -> Sequence[IncomingMessage]:
    """The message, for whoever reads it from an item; none when it is surely older than what is wanted."""
    return () if is_before(message.posted_at, since) else (message,)


def read_again(raw: str, read: Callable[[Any], Sequence[IncomingMessage]]) -> Batch:
    """An item as the quarantine keeps it, read anew. Raises ValueError for one that was cut when it was kept."""
    try:
        kept = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError(N_("only its beginning was kept")) from None
    harvest = read_each([kept], read)
    return Batch(harvest.messages, (), harvest.bad, harvest.filtered)


def read_in_place(raw: str, read: Callable[[Any, Place], Sequence[IncomingMessage]]) -> Batch:
    """`read_again` for an item that was kept together with its place, as `read_each` does; both are given to `read`."""

    def read_both(kept: Any) -> Sequence[IncomingMessage]:
        if not isinstance(kept, dict) or kept.keys() != {"place", "item"} or not isinstance(kept["place"], dict):
            raise ValueError(N_("it was kept without where it stood; fetching the past from that day brings it again"))
        return read(kept["item"], kept["place"])

    return read_again(raw, read_both)


def name_of(item: Any, *fields: str) -> str:
    """The item's own id (the first of `fields`, by default "id"), or a hash of all of it when it has none."""
    for name in fields or ("id",):
        value = item.get(name) if isinstance(item, dict) else None
        if isinstance(value, str | int) and str(value):
            return str(value)[:500]
    return "sha256:" + hashlib.sha256(dumped(item).encode("utf-8", "replace")).hexdigest()


def dumped(item: Any) -> str:
    """The item as JSON for quarantine, cut to 64 000 characters."""
    try:
        return json.dumps(item, ensure_ascii=True, default=str)[:RAW_LIMIT]
    except (ValueError, RecursionError):
        return repr(type(item))


def unread(error: Exception) -> Sentence:
    """Why something foreign could not be read: the reader's own sentence, which part has the wrong form, or what broke."""
    if isinstance(error, ValidationError):
        # Not pydantic's own text, which quotes the whole input over many lines.
        return listed_sentences([_fault(one) for one in error.errors(include_input=False, include_url=False)[:5]])
    told = error.args[0] if error.args else None
    if isinstance(told, Sentence):
        return told
    return N_("it is not as expected (%(told)s)", told=f"{type(error).__name__}: {error}"[:300])


def _fault(error: ErrorDetails) -> Sentence:
    where = ".".join(map(str, error["loc"])) or N_("message")
    if error["type"] == "missing":
        return N_("%(where)s is missing", where=where)
    if expectation := _expectation(error["type"], error.get("ctx", {})):
        return N_("%(where)s: %(expectation)s", where=where, expectation=expectation)
    cause = error.get("ctx", {}).get("error")
    told = unread(cause) if isinstance(cause, Exception) else error["msg"]
    return N_("%(where)s is not as expected (%(told)s)", where=where, told=told)


def _expectation(fault: str, context: Mapping[str, Any]) -> Sentence | None:
    begin, _, end = fault.partition("_")
    if begin in EXPECTED and end.endswith(("type", "parsing", "from_float")):
        return EXPECTED[begin]
    match fault:
        case "string_too_long":
            return N_("at most %(number)d characters are expected", number=context["max_length"])
        case "too_long":
            return N_("at most %(number)d entries are expected", number=context["max_length"])
        case "string_pattern_mismatch":
            return N_("the form %(pattern)s is expected", pattern=context["pattern"])
        case "enum" | "literal_error":
            return N_("one of these is expected: %(names)s", names=context["expected"].replace("' or '", "', '"))
    return None
