"""Ideas as signed calls to an address of the product team's own, in the form of Standard Webhooks."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from inbox.clock import now
from inbox.connectors.contract import (
    N_,
    Account,
    Gone,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    Receipt,
    Refused,
    Setup,
    Surroundings,
)
from inbox.connectors.http import open_client, submit
from inbox.connectors.tracker_contract import IdeaCard, TicketState

PREFIX = "whsec_"
ANSWER_LIMIT = 64 * 1024


class WebhookOutSetup(Setup):
    """Where to call, and the secret that proves it was us."""

    url: str = Field(title=N_("Address"), description=N_("It is called with POST for every idea."), max_length=2_000)
    secret: SecretStr = Field(
        title=N_("Secret"),
        description=N_("Begins with whsec_ and is shared with the receiver, who checks our signature with it."),
        max_length=200,
    )

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username:
            raise ValueError(N_("must start with https://"))
        return value

    @field_validator("secret")
    @classmethod
    def _strong(cls, value: SecretStr) -> SecretStr:
        try:
            length = len(signing_key(value.get_secret_value()))
        except binascii.Error:
            length = 0
        if not 24 <= length <= 64:
            raise ValueError(N_("must be whsec_ followed by 24 to 64 bytes in base64"))
        return value


class WebhookOut:
    """One receiver. It tells no state of its own."""

    kind: ClassVar[str] = "webhook"
    label: ClassVar[str] = N_("Signed webhook")
    setup: ClassVar[type[Setup]] = WebhookOutSetup
    reads_state: ClassVar[bool] = False

    def __init__(self, settings: WebhookOutSetup, surroundings: Surroundings) -> None:
        self.settings = settings
        self.surroundings = surroundings
        self.host = urlsplit(settings.url).hostname or ""

    def check(self) -> Account:
        """Call it with a test that carries no idea. Raises ConnectorError."""
        self._call(f"test-{now():%Y%m%d%H%M%S%f}", {"type": "test", "data": {}})
        return Account(name=self.host, url=self.settings.url)

    def create(self, card: IdeaCard) -> Receipt:
        """One call; any 2xx means taken. Repeats carry the same webhook-id, so that the receiver can drop them."""
        quotes = [{"text": text, "author": author, "url": url} for text, author, url in card.quotes]
        data = {
            "key": card.key,
            "title": card.title,
            "summary": card.summary,
            "url": card.back_url,
            "team": card.team,
            "language": card.language,
            "people": card.people,
            "quotes": quotes,
        }
        self._call(card.key, {"type": "idea.handed_over", "data": data})
        return Receipt(external_id=card.key)

    def find_created(self, card: IdeaCard) -> Receipt | None:
        """Always None: nothing can be looked up, but the receiver knows a repeat by its webhook-id, so it may come again."""
        return None

    def read(self, external_id: str) -> TicketState:
        """Raises Refused: a webhook tells no state."""
        raise Refused(N_("A webhook takes ideas and tells nothing about them."))

    def _call(self, key: str, body: dict[str, Any]) -> None:
        payload = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        with open_client(
            allow_private=self.surroundings.allow_private_addresses, timeout_seconds=self.surroundings.timeout_seconds
        ) as client:
            headers = {
                "Content-Type": "application/json",
                **signed(key, payload, self.settings.secret.get_secret_value()),
            }
            try:
                submit(client, "POST", self.settings.url, content=payload, headers=headers, limit=ANSWER_LIMIT)
            except OutcomeUnknown as error:
                # Coming again does no harm here: the receiver knows repeats by their id.
                raise Passing(error.sentence, retry_after=error.retry_after) from error
            except Gone as error:
                raise NeedsPerson(
                    N_("%(host)s knows no such address any more; enter another one.", host=self.host)
                ) from error


def signed(key: str, payload: bytes, secret: str) -> dict[str, str]:
    """The three headers of Standard Webhooks for `payload`, signed now."""
    moment = str(int(now().timestamp()))
    digest = hmac.new(signing_key(secret), f"{key}.{moment}.".encode() + payload, hashlib.sha256).digest()
    return {
        "webhook-id": key,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def signing_key(secret: str) -> bytes:
    """The bytes in a secret, with or without its prefix. Raises binascii.Error when it is not base64."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError as error:
        raise binascii.Error(str(error)) from None
