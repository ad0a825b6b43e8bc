"""Reads one raw e-mail into an IncomingMessage. Pure: no network, no clock but the one given."""

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from inbox.connectors.contract import N_, Author, IncomingAttachment, IncomingMessage, Visibility
from inbox.connectors.email_automatic import is_automatic
from inbox.connectors.email_charset import decode_bytes, decode_name, decode_words
from inbox.connectors.email_quote import split_quote
from inbox.text import plain_from_html, storable

ATTACHMENT_LIMIT = 25 * 1024 * 1024
PARTS = 50  # of which the bytes are kept; further ones are listed
LISTED_PARTS = 200
NESTED = 100
HEADERS_LIMIT = 512 * 1024
TEXT_LIMIT = 200_000
HTML_LIMIT = 1_000_000
RAW_LIMIT = 32_000
REFERENCES = 30
# A date further from the arrival than this is a lie; mail that was late has been on its way, not in the future.
LATE = timedelta(days=7)
EARLY = timedelta(hours=1)

# The library passes over any blank before a value, these control characters too.
_CONTAINER = re.compile(rb"^content-type:[\s\x1c-\x1f]*(multipart|message)/", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s@<>,]+@[^\s@<>,]+")
_IN_BRACKETS = re.compile(r"<([^\s@<>,]+@[^\s@<>,]+)>")
_ID = re.compile(r"<([^<>\s]{1,900})>")
# A line or two of something else above the headers, such as the separator of an mbox.
_LEADING = re.compile(rb"\A(?:[^\r\n:]{0,998}\r?\n|>?From [^\r\n]{0,998}\r?\n){1,3}(?=[A-Za-z][A-Za-z0-9-]{0,70}:)")
_CITED = re.compile(
    r"<blockquote[^>]{0,300}(type=.?cite|gmail_quote)|<div[^>]{0,300}(gmail_quote|divrplyfwdmsg|appendonsend|moz-cite-prefix)",
    re.IGNORECASE,
)


@dataclass
class _Contents:
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    attachments: list[IncomingAttachment] = field(default_factory=list)


def read_mail(raw: bytes, *, received_at: datetime | None = None, own: Collection[str] = ()) -> IncomingMessage:
    """The mail in `raw`. `received_at` is when the server got it: a Date far from it is not believed.

    `own` are our addresses in lower case: their mails are ours. Raises ValueError when `raw` is no mail or is built to hurt.
    """
    raw = _LEADING.sub(b"", raw.lstrip(b"\r\n\t "), count=1)
    if len(re.split(rb"\r?\n\r?\n", raw[: HEADERS_LIMIT + 4], maxsplit=1)[0]) > HEADERS_LIMIT:
        raise ValueError(N_("the headers are larger than 512 kB"))
    if sum(1 for _ in zip(_CONTAINER.finditer(raw), range(NESTED + 1), strict=False)) > NESTED:
        raise ValueError(N_("more than %(limit)s parts within parts", limit=NESTED))
    try:
        return _read(BytesParser(policy=compat32).parsebytes(raw), raw, received_at, own)
    except ValueError:
        raise
    except Exception as error:  # the library's mistakes with hostile mail cost one mail, not the mailbox
        raise ValueError(N_("cannot be read as a mail (%(fault)s)", fault=type(error).__name__)) from error


def message_ids(value: object) -> list[str]:
    """The Message-IDs in a header's value, without brackets; a very long one stands as its hash."""
    return [_short(found) for found in _ID.findall(str(value or "")[:60_000])]


def addresses(value: object) -> list[tuple[str, str]]:
    """(name, address) pairs of an address header; addresses in lower case, without those that are none."""
    text = " ".join(decode_bytes(str(value or "")[:20_000].encode("utf-8", "surrogateescape"), None).split())
    alone = list(_IN_BRACKETS.finditer(text))
    if len(alone) == 1 and text.count("@") == 1:
        # Müller, Anna <a@b.test>: names with a bare comma are common, and parted they would lose their half.
        pairs = [(text[: alone[0].start()].strip(' "'), alone[0][1])]
    else:
        # Commas inside encoded names must not split them, so the names are decoded after the addresses were parted.
        pairs = [(name, address) for name, address in getaddresses([text]) if _ADDRESS.fullmatch(address)]
    return [(decode_words(name, 300), address.lower()[:320]) for name, address in pairs]


def _read(mail: Message, raw: bytes, received_at: datetime | None, own: Collection[str]) -> IncomingMessage:
    headers = _headers(mail)
    if not headers.keys() & {"from", "date", "message-id", "subject", "received", "to"}:
        raise ValueError(N_("no header of a mail was found"))
    contents = _Contents()
    _collect(mail, contents, [0])
    html = "\n".join(contents.html)[:HTML_LIMIT]
    text, quote = split_quote(storable(_unix("\n\n".join(contents.plain)), TEXT_LIMIT))
    if not text and html:
        text, quote = _from_html(html)

    said_id = next(iter(message_ids(headers.get("message-id"))), "")
    # Programs that give every mail the same short id exist; a real one names its host.
    own_id = said_id if "@" in said_id else _hash(raw)
    answered = message_ids(headers.get("in-reply-to"))
    references = [one for one in message_ids(headers.get("references")) or answered[:1] if one != own_id]
    senders = [one for name in ("from", "sender", "return-path") for one in addresses(headers.get(name))]
    author = _author(senders[0], own) if senders else None
    subject = decode_words(headers.get("subject"), 500)
    return IncomingMessage(
        external_id=own_id,
        thread_id=references[0] if references else own_id,
        parent_id=answered[0] if answered else references[-1] if references else "",
        text=text,
        quote=quote,
        html=storable(html, HTML_LIMIT) or None,
        subject=subject,
        author=author,
        posted_at=_posted_at(headers, received_at),
        visibility=Visibility.DIRECT,
        is_automatic=is_automatic(
            mail, subject, author.handle if author else "", own_id, bool(author and author.is_us)
        ),
        attachments=tuple(contents.attachments),
        reply_handle={
            "message_id": said_id,
            "references": [*references[:1], *references[1:][-REFERENCES:]],
            "from": author.handle if author else "",
            "reply_to": next((address for _, address in addresses(headers.get("reply-to"))), ""),
            "to": [address for _, address in addresses(headers.get("to"))][:20],
            "subject": subject,
        },
        raw=_header_text(raw),
    )


def _headers(mail: Message) -> dict[str, str]:
    """The first header of each name. `Message.get` would replace raw eight-bit characters, which are common."""
    found: dict[str, str] = {}
    for name, value in mail.raw_items():
        found.setdefault(name.lower(), str(value))
    return found


def _author(sender: tuple[str, str], own: Collection[str]) -> Author:
    name, address = sender
    return Author(
        external_id=address, handle=address, name=name if name.lower() != address else "", is_us=address in own
    )


def _collect(part: Message, contents: _Contents, count: list[int]) -> None:
    """Walk the parts in order. Of alternatives both forms are kept; a mail within the mail is an attachment."""
    if part.is_multipart() and part.get_content_maintype() != "message":
        for child in part.get_payload():
            if isinstance(child, Message):
                _collect(child, contents, count)
        return
    count[0] += 1
    if count[0] > LISTED_PARTS:
        return
    # A container without its boundary is what its sender typed.
    kind = "text/plain" if part.get_content_maintype() == "multipart" else part.get_content_type()
    name = decode_name(_asked(part.get_filename) or _asked(lambda: part.get_param("name")))
    if kind in {"text/plain", "text/html"} and not name and part.get_content_disposition() != "attachment":
        text = decode_bytes(_payload(part), _asked(part.get_content_charset))
        if kind == "text/html":
            contents.html.append(text)
        else:
            contents.plain.append(_unflowed(text, part) if part.get_param("format", "") == "flowed" else text)
        return
    contents.attachments.append(_attachment(part, kind, name, keep=count[0] <= PARTS))


def _attachment(part: Message, kind: str, name: str, *, keep: bool) -> IncomingAttachment:
    content = _payload(part)
    if kind.startswith("message/") and not name:
        inner = part.get_payload(0) if part.is_multipart() else None
        name = (decode_words(inner.get("Subject"), 80) if isinstance(inner, Message) else "") or "message"
        name = name.replace("/", "-") + ".eml"
    keep = keep and len(content) <= ATTACHMENT_LIMIT
    return IncomingAttachment(name or "attachment", kind[:150], len(content), content if keep else None)


def _payload(part: Message) -> bytes:
    if part.is_multipart():
        # A delivery status is headers only, of so many recipients that writing them anew would take minutes.
        is_status = part.get_content_type() == "message/delivery-status"
        written = _head_as_it_is if is_status else _as_bytes
        return b"\n".join(written(child) for child in part.get_payload() if isinstance(child, Message))
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _as_bytes(mail: Message) -> bytes:
    try:
        return mail.as_bytes()
    except (MessageError, ValueError, LookupError):
        # What cannot be written again as it should be is written as it is.
        return _head_as_it_is(mail) + _payload(mail)


def _head_as_it_is(mail: Message) -> bytes:
    head = "".join(f"{name}: {value}\n" for name, value in mail.raw_items())
    return f"{head}\n".encode("utf-8", "surrogateescape")


def _asked(ask: Callable[[], Any]) -> Any:
    """What the library says, or None where a hostile parameter makes it fail."""
    try:
        return ask()
    except (ValueError, LookupError, TypeError):
        return None


def _from_html(html: str) -> tuple[str, str]:
    """Words and quote of a mail that is HTML only; mail programs mark what they cite in ways of their own."""
    cited = _CITED.search(html)
    if cited and (words := plain_from_html(html[: cited.start()])):
        written, folded = split_quote(storable(words, TEXT_LIMIT))
        below = storable(plain_from_html(html[cited.start() :]), TEXT_LIMIT)
        return written, f"{folded}\n{below}".strip()
    return split_quote(storable(plain_from_html(html), TEXT_LIMIT))


def _unflowed(text: str, part: Message) -> str:
    """RFC 3676: a line that ends in a space goes on in the next, unless it is the line above a signature."""
    joins_without_space = str(part.get_param("delsp", "")).lower() == "yes"
    lines: list[str] = []
    soft, depth = False, 0
    for line in _unix(text).split("\n"):
        marks = len(line) - len(line.lstrip(">"))
        words = line[marks:].removeprefix(" ")
        if soft and marks == depth and words != "-- ":
            lines[-1] += words
        else:
            lines.append(">" * marks + (" " if marks else "") + words)
        soft, depth = words.endswith(" ") and words != "-- ", marks
        if soft and joins_without_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(line if line == "-- " else line.rstrip(" ") for line in lines)


def _posted_at(headers: dict[str, str], received_at: datetime | None) -> datetime | None:
    said = _date(headers.get("date"))
    if received_at is None:
        return said or _date(headers.get("received", "").rpartition(";")[2])
    if said is None or not received_at - LATE <= said <= received_at + EARLY:
        return received_at
    return min(said, received_at)


def _date(value: object) -> datetime | None:
    try:
        moment = parsedate_to_datetime(decode_words(value, 100))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.year >= 1990 else None


def _header_text(raw: bytes) -> str:
    head = re.split(rb"\r?\n\r?\n", raw[: RAW_LIMIT * 2], maxsplit=1)[0][:RAW_LIMIT]
    return storable(decode_bytes(head, None).replace("\r\n", "\n"), RAW_LIMIT)


def _hash(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw.replace(b"\r\n", b"\n").strip()).hexdigest()


def _short(message_id: str) -> str:
    if len(message_id) <= 400 and message_id.isascii() and message_id.isprintable():
        return message_id
    return "sha256:" + hashlib.sha256(message_id.encode("utf-8", "surrogateescape")).hexdigest()


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
