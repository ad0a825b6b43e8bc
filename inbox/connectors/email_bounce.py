"""Reads what mail servers say of our own mails (RFC 3464): that one came back and why, or that it arrived. Pure."""

import re
from collections.abc import Iterator
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from inbox.connectors.contract import N_, IncomingReport, Sentence
from inbox.connectors.email_automatic import OURS
from inbox.connectors.email_charset import decode_words
from inbox.connectors.mime import message_ids
from inbox.text import one_line

RETURNED = {"message/rfc822", "text/rfc822-headers"}
STATES = "message/delivery-status"
# The protocol before what was said in it.
_PROTOCOL = re.compile(r"^\s*[\w-]{1,40}\s*;\s*")
_STATUS = re.compile(r"[245](\.\d{1,3}\.\d{1,3})\b")
# By the last two numbers of RFC 3463, whose first one only says whether it is for good.
MEANINGS = {
    ".1.1": N_("there is no such mailbox"),
    ".1.2": N_("there is no such mail server"),
    ".1.10": N_("this address takes no mail"),
    ".2.1": N_("the mailbox is closed"),
    ".2.2": N_("the mailbox is full"),
    ".3.4": N_("the mail is too large"),
    ".4.7": N_("it could not be delivered in time"),
    ".7.1": N_("the server refuses it"),
}


def bounced(raw: bytes) -> IncomingReport | None:
    """What the mail in `raw`, which `read_mail` could read, says of a mail of ours; None when it is about none.

    Whoever has got a mail of ours knows its Message-ID and can say that it came back: to nobody else's harm.
    """
    try:
        if _parsed(raw, headersonly=True).get_content_type() != "multipart/report":
            return None
        mail = _parsed(raw)
        return _report(mail) if mail.is_multipart() else None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, MessageError):
        # The library's mistakes with hostile mail; the mail itself is stored whatever it says.
        return None


def _report(mail: Message) -> IncomingReport | None:
    parts = [part for part in mail.get_payload() if isinstance(part, Message)]
    names = [name for part in parts if part.get_content_type() in RETURNED for name in _message_ids(part)]
    name = next((name for name in names if OURS.match(name)), "")
    told = {_action(one): one for part in parts if part.get_content_type() == STATES for one in _blocks(part)}
    if not name or not told.keys() & {"delivered", "failed"}:
        return None
    if "delivered" in told:
        return IncomingReport(name, True)
    return IncomingReport(name, False, _reason(told["failed"]))


def _parsed(raw: bytes, *, headersonly: bool = False) -> Message:
    return BytesParser(policy=compat32).parsebytes(raw, headersonly=headersonly)


def _message_ids(part: Message) -> Iterator[str]:
    """Of the mail that came back, whole or only its headers."""
    if part.is_multipart():
        for inner in part.get_payload():
            if isinstance(inner, Message):
                yield from message_ids(inner.get("Message-ID"))
        return
    content = part.get_payload(decode=True)
    if isinstance(content, bytes):
        yield from message_ids(_parsed(content, headersonly=True).get("Message-ID"))


def _blocks(part: Message) -> Iterator[Message]:
    """One for the mail as a whole, then one per recipient."""
    if part.is_multipart():
        yield from (block for block in part.get_payload() if isinstance(block, Message))


def _action(block: Message) -> str:
    return str(block.get("Action") or "").partition(";")[0].strip().lower()


def _reason(block: Message) -> Sentence:
    status = _STATUS.search(str(block.get("Status") or ""))
    words = one_line(_PROTOCOL.sub("", decode_words(block.get("Diagnostic-Code"), 1_000)), 300)
    meaning = MEANINGS.get(status[1]) if status else None
    told = words or (status[0] if status else "")
    if meaning and told:
        return N_("The mail came back: %(meaning)s (%(told)s)", meaning=meaning, told=told)
    return N_("The mail came back: %(told)s", told=meaning or told or N_("its server does not say why"))
