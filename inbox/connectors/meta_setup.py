"""What Meta's connectors have in common for their forms and their people: secrets, the word of the handshake, the window."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, SecretStr, field_validator

from inbox.clock import now
from inbox.connectors.contract import N_, Refused, Setup
from inbox.connectors.json_api import text_of
from inbox.connectors.lenient import moment

WINDOW = timedelta(hours=24)
BY_PEOPLE = timedelta(days=7)
CLOSED = N_("Meta delivers answers only within 24 hours after the person last wrote.")


class MetaSetup(Setup):
    """An app of one's own at Meta, and a token for one account."""

    access_token: SecretStr = Field(
        title=N_("Access token"), description=N_("Of a system user, so that it does not run out.")
    )
    app_secret: SecretStr = Field(title=N_("App secret"), description=N_("In the app: App settings, Basic."))
    verify_token: SecretStr = Field(
        default=SecretStr(""),
        title=N_("Verify token"),
        description=N_("A word of one's own choice; the same one is entered at Meta under Webhooks."),
    )

    @field_validator("access_token", "app_secret", "verify_token")
    @classmethod
    def one_word(cls, value: SecretStr) -> SecretStr:
        word = value.get_secret_value().strip()
        if not word.isascii() or not word.isprintable() or " " in word:
            raise ValueError(N_("must be one word, without blanks or letters with accents"))
        return SecretStr(word)


def still_open(handle: Mapping[str, Any], *, by_people: bool = False) -> bool:
    """Whether Meta still delivers an answer to this message: for 24 hours, or 7 days where people may answer later.

    Raises Refused when it is over.
    """
    said_at = moment(handle.get("said_at"))
    if said_at is None or now() - said_at <= WINDOW:
        return True
    if by_people and now() - said_at <= BY_PEOPLE:
        return False
    span = N_("7 days") if by_people else N_("24 hours")
    raise Refused(
        N_(
            "This was written more than %(span)s ago, and Meta delivers answers within %(span)s only. "
            "If the person has written again since, answer that message.",
            span=span,
        )
    )


def said_at(at: datetime | None) -> dict[str, str]:
    """For a handle: when the window began."""
    return {"said_at": at.isoformat()} if at else {}


def page_token(own: str, page: Mapping[str, Any]) -> dict[str, Any]:
    """What of a page to remember: its token, and (without telling it) from which of ours it was made."""
    return {"page_token": text_of(page.get("access_token")) or own, "made_from": mark_of(own)}


def token_for_page(own: str, kept: Mapping[str, Any]) -> str:
    """The page's own token, as long as it was made from ours; else ours."""
    return text_of(kept.get("page_token")) if kept.get("made_from") == mark_of(own) else own


def mark_of(token: str) -> str:
    """By this, two tokens can be told to be the same without being told."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:16]
