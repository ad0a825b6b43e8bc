"""Tells mail that a machine sent (answers while away, bounces, newsletters, our own coming back) from mail of a person."""

import re
from email.message import Message

OURS = re.compile(r"trellis\.[0-9a-f]{32}@")
_BOUNCERS = {"mailer-daemon", "postmaster", "mail-daemon", "bounce", "bounces"}
_AWAY = re.compile(
    r"^(automatische antwort|automatische r(ü|ue)ckantwort|automatic reply|auto(-| )?reply|autoresponse|out of (the )?office"
    r"|abwesenheit|abwesend\b|undeliver(ed|able)|unzustellbar|delivery status notification|mail delivery (failed|failure))",
    re.IGNORECASE,
)


def is_automatic(mail: Message, subject: str, sender: str, message_id: str, is_us: bool) -> bool:
    """Whether no person wrote this by hand. Mailing lists count as people, newsletters do not."""

    def said(name: str) -> str:
        return str(mail.get(name) or "").strip().lower()

    if said("Auto-Submitted").partition(";")[0].strip() not in {"", "no"}:
        return True
    if said("Precedence") in {"bulk", "junk", "auto_reply", "auto-reply"}:
        return True
    if (
        said("X-Auto-Response-Suppress") not in {"", "none"}
        or said("X-Autoreply")
        or said("X-Autorespond")
        or said("X-Loop")
    ):
        return True
    if said("Return-Path") == "<>" or mail.get_content_type() == "multipart/report":
        return True
    if said("List-Unsubscribe") and not said("List-Post"):
        return True
    if OURS.match(message_id) and not is_us:
        return True
    return sender.partition("@")[0] in _BOUNCERS or bool(_AWAY.match(subject))
