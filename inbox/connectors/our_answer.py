"""Our answers: their words as they leave, and how one whose outcome was lost is known again. For the connectors."""

from datetime import timedelta

from inbox.connectors.contract import IncomingMessage, OutgoingReply
from inbox.connectors.lenient import words

AHEAD = timedelta(minutes=10)  # their clock may be behind ours


def is_our_answer(message: IncomingMessage, reply: OutgoingReply, text: str = "") -> bool:
    """Ours, with the same words (`text`, where more was sent than the reply says), and not older than the reply."""
    if not (message.author and message.author.is_us):
        return False
    began = not (reply.created_at and message.posted_at) or message.posted_at > reply.created_at - AHEAD
    return began and _core(message.text) == _core(text or reply.text)


def with_name(reply: OutgoingReply) -> str:
    """The answer's words, begun with whom they are for (the handle's `name`): where answers to answers stand side by side."""
    name = words(reply.parent_handle.get("name"))
    return reply.text if not name or name in reply.text else f"{name} {reply.text}"


def _core(text: str) -> list[str]:
    # Platforms shorten addresses, straighten quotation marks and eat blanks; letters and digits stay.
    return [c for c in text.casefold() if c.isalnum()] or list(text.strip())
