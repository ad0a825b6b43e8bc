"""Makes a message of one row of an exported file, by names of columns in English and German or by a mapping."""

import hashlib
from collections.abc import Mapping
from typing import Any

from inbox.connectors.contract import N_, Author, IncomingMessage
from inbox.connectors.file_dates import read_date
from inbox.connectors.file_rows import column_name

# What each field may be called, best first.
NAMES: dict[str, tuple[str, ...]] = {
    "id": ("external_id", "id", "message_id", "comment_id", "post_id", "review_id", "uuid", "kennung", "nummer"),
    "text": (
        "text", "body", "comment", "message", "content", "review", "review_text", "feedback",
        "kommentar", "nachricht", "inhalt", "beitrag", "rezension", "bewertungstext",
    ),
    "author": (
        "author", "author_name", "name", "username", "user_name", "user", "handle", "from", "sender",
        "autor", "autorin", "verfasser", "absender", "benutzer", "benutzername", "nutzer",
    ),
    "author_id": ("author_id", "user_id", "member_id", "autor_id", "benutzer_id", "nutzer_id"),
    "posted_at": (
        "posted_at", "created_at", "date", "datetime", "timestamp", "time", "published_at", "published", "created",
        "datum", "zeitpunkt", "zeit", "erstellt_am", "erstellt", "veröffentlicht_am",
    ),
    "thread": ("thread", "thread_id", "conversation", "conversation_id", "topic", "topic_id", "unterhaltung"),
    "parent": ("parent", "parent_id", "in_reply_to", "reply_to", "antwort_auf"),
    "url": ("url", "link", "permalink", "adresse"),
    "lang": ("lang", "language", "sprache"),
    "subject": ("subject", "title", "betreff", "titel"),
}  # fmt: skip
LANGUAGES = {"german": "de", "deutsch": "de", "english": "en", "englisch": "en"}


def read_columns(words: str) -> dict[str, str]:
    """The mapping in "text=comment,author=name". Raises ValueError for a field that there is not."""
    mapping = {}
    for pair in filter(None, (part.strip() for part in words.split(","))):
        field, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise ValueError(N_("%(pair)s must look like field=column", pair=pair))
        if field not in NAMES:
            raise ValueError(N_("%(field)s is not a field; there are %(names)s", field=field, names=", ".join(NAMES)))
        mapping[field] = column
    return mapping


def choose_columns(mapping: Mapping[str, str], header: list[str] | None) -> dict[str, tuple[str, ...]]:
    """Which columns feed which field. With a header, raises ValueError when a mapped column or the text is missing."""
    chosen: dict[str, tuple[str, ...]] = {}
    for field, names in NAMES.items():
        if field in mapping:
            name = column_name(mapping[field]) if header is not None else mapping[field]
            if header is not None and name not in header:
                raise ValueError(
                    N_(
                        "it has no column %(column)s; there are %(names)s",
                        column=mapping[field],
                        names=", ".join(header[:30]),
                    )
                )
            chosen[field] = (name,)
        else:
            taken = {column_name(column) for column in mapping.values()}
            chosen[field] = tuple(name for name in names if name not in taken and (header is None or name in header))
    if header is not None and not chosen["text"]:
        raise ValueError(
            N_(
                "no column is known to hold the text; name it with text=COLUMN. There are %(names)s",
                names=", ".join(header[:30]),
            )
        )
    return chosen


def message_of_row(values: Mapping[str, Any], columns: Mapping[str, tuple[str, ...]]) -> IncomingMessage:
    """The message in a row. Without an id it gets one from who wrote what and when, so that a repeat is known again.

    Raises ValueError with the reason when the row holds no message.
    """

    def value(field: str) -> str:
        return next((found for name in columns[field] if (found := _plain(_dig(values, name)))), "")

    text, when = value("text"), value("posted_at")
    if not text:
        raise ValueError(N_("it has no text"))
    posted_at = read_date(when) if when else None
    name, author_id = value("author"), value("author_id")
    parent, thread = value("parent"), value("thread")
    key = value("id")
    if not key:
        parts = "\0".join((author_id or name, when, thread or parent, value("subject"), text))
        key = "row:" + hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:40]
    lang = value("lang").lower()
    return IncomingMessage(
        external_id=key[:500],
        thread_id=(thread or parent or key)[:500],
        parent_id=parent[:500],
        text=text,
        subject=value("subject")[:500],
        posted_at=posted_at,
        author=Author((author_id or name)[:500], handle=name[:300], name=name[:300]) if author_id or name else None,
        url=address if (address := value("url")).startswith(("https://", "http://")) else "",
        language=LANGUAGES.get(lang, lang[:2] if lang[:2].isalpha() else ""),
    )


def _dig(values: Mapping[str, Any], name: str) -> Any:
    """A value by name, or by a path with dots into nested objects."""
    if name in values:
        return values[name]
    found: Any = values
    for step in name.split("."):
        if not isinstance(found, dict) or step not in found:
            return None
        found = found[step]
    return found


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        # {"author": {"name": "Anna"}}
        return next((_plain(value[key]) for key in ("name", "username", "id", "text") if value.get(key)), "")
    if isinstance(value, bool) or value is None or isinstance(value, list):
        return ""
    return str(value).strip()
