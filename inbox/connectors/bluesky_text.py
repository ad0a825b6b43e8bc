"""What a Bluesky post needs beside its words: how long it may be, links and mentions by byte offsets, a record key."""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.clock import as_utc
from inbox.connectors.contract import N_, Refused
from inbox.text import count_graphemes

_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w@/.])@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61})", re.IGNORECASE)
_TAG = re.compile(r"(?<![\w#&/])#(\w*[^\W\d]\w*)")
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
MENTIONS = 20
MARKS = ".,;:!?'\"«»‹›„“”‚‘’…"


def require_fitting(text: str, limit: int, limit_bytes: int) -> None:
    """Raises Refused for what is empty, or too long as people see it or in bytes."""
    if not text.strip():
        raise Refused(N_("Bluesky takes no empty answers."))
    if count_graphemes(text) > limit or _bytes(text) > limit_bytes:
        raise Refused(
            N_(
                "The answer is too long; Bluesky takes %(limit)s characters and %(limit_bytes)s bytes here.",
                limit=limit,
                limit_bytes=limit_bytes,
            )
        )


def facets(text: str, resolve: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """Links, mentions and tags of `text`; without these a post is bare words. `resolve` gives a handle's DID, or None."""
    found: list[tuple[int, int, dict[str, str]]] = []
    for match in _LINK.finditer(text):
        link = _without_trailing_marks(match.group())
        found.append((match.start(), match.start() + len(link), {"$type": "app.bsky.richtext.facet#link", "uri": link}))
    links = [(start, end) for start, end, _feature in found]
    found += [
        (*match.span(), {"$type": "app.bsky.richtext.facet#mention", "did": did})
        for match in list(_MENTION.finditer(text))[:MENTIONS]
        if not _within(match.start(), links) and (did := resolve(match.group(1).lower()))
    ]
    found += [
        (*match.span(), {"$type": "app.bsky.richtext.facet#tag", "tag": match.group(1)})
        for match in _TAG.finditer(text)
        if not _within(match.start(), links) and len(match.group(1)) <= 64
    ]
    return [
        {"index": {"byteStart": _bytes(text[:start]), "byteEnd": _bytes(text[:end])}, "features": [feature]}
        for start, end, feature in sorted(found, key=lambda entry: entry[0])
    ]


def with_whole_links(text: str, record: Mapping[str, Any]) -> str:
    """The words of a record, with links that its program has shortened ("example.com/lon...") written out."""
    encoded, shift = text.encode("utf-8", "replace"), 0
    for start, end, uri in sorted(_links(record)):
        shown = encoded[start + shift : end + shift]
        if 0 <= start < end and shown.endswith((b"...", "…".encode())):
            encoded = encoded[: start + shift] + uri.encode("utf-8", "replace") + encoded[end + shift :]
            shift += len(uri.encode("utf-8", "replace")) - (end - start)
    return encoded.decode("utf-8", "replace")


def record_key(name: str, at: datetime | None = None) -> str:
    """A key in the form Bluesky asks for (a time and ten bits), the same for the same `name` and `at`.

    It makes a write repeatable: the same thing cannot be made twice, and can be found.
    """
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    # Where no time is given, one of a past year stands in.
    moment = (
        as_utc(at) if at else datetime(2024, 1, 1, tzinfo=UTC) + timedelta(microseconds=number % (365 * 86_400_000_000))
    )
    micros = int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
    value = (micros << 10) | (number & 0x3FF)
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(60, -1, -5))


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _links(record: Mapping[str, Any]) -> list[tuple[int, int, str]]:
    found = []
    for facet in record.get("facets") or () if isinstance(record.get("facets"), list) else ():
        index, features = (facet.get("index"), facet.get("features")) if isinstance(facet, dict) else (None, None)
        for feature in features if isinstance(features, list) and isinstance(index, dict) else ():
            uri = feature.get("uri") if isinstance(feature, dict) else None
            start, end = (index.get("byteStart"), index.get("byteEnd")) if isinstance(index, dict) else (None, None)
            if isinstance(uri, str) and len(uri) < 2_000 and type(start) is int and type(end) is int:
                found.append((start, end, uri))
    return found[:50]


def _without_trailing_marks(link: str) -> str:
    link = link.rstrip(MARKS)
    # "(see https://example.com/a)" closes what was opened before the link.
    while link.endswith(")") and link.count(")") > link.count("("):
        link = link[:-1].rstrip(MARKS)
    return link


def _within(position: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= position < end for start, end in spans)
