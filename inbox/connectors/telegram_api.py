"""The Bot API: questions and changes, and its own ways of saying no. Used by `telegram` alone."""

from collections.abc import Mapping
from typing import Any

from inbox.connectors.contract import N_, ConnectorError, NeedsPerson, OutcomeUnknown, Passing, Refused, Surroundings
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, mapping, text_of

# Whoever asks last wins, and what it confirms the other never sees.
SHARED = N_(
    "Another program reads this bot's messages too, so that each of the two misses some. "
    "Stop that program, or make another bot for one of them."
)
SHARED_SECONDS = 60.0


class TelegramApi(JsonApi):
    """The token stands in every path, so that no error may tell a path."""

    def __init__(self, server: str, token: str, surroundings: Surroundings) -> None:
        super().__init__(surroundings, f"{server}/bot{token}")
        self.files = f"{server}/file/bot{token}"

    def call(self, method: str, body: Mapping[str, Any] | None = None) -> Any:
        """A question; its `result`."""
        try:
            answer = self.ask(f"/{method}", dict(body or {}))
        except Refused as error:
            if error.status == 404:
                raise NeedsPerson(N_("Telegram does not know this bot token; ask @BotFather for a new one.")) from None
            if error.status == 409:
                self.refuse_webhook()
                raise Passing(SHARED, retry_after=SHARED_SECONDS, status=409) from None
            raise
        if mapping(answer).get("ok") is not True:
            raise Passing(N_("Telegram answered something else than expected."))
        return answer.get("result")

    def refuse_webhook(self) -> None:
        """Raises NeedsPerson when Telegram brings the bot's messages to another program, with that program's host."""
        address = text_of(mapping(self.call("getWebhookInfo")).get("url"))
        if address:
            host = address.partition("://")[2].partition("/")[0].rpartition("@")[2]
            raise NeedsPerson(
                N_(
                    "%(host)s receives this bot's messages by a webhook; remove it there, or make another bot.",
                    host=host,
                )
            )

    def do(self, method: str, body: Mapping[str, Any], scope: str = "") -> Any:
        """A change, made once; its `result`. A group that became a supergroup is found under its new number."""
        try:
            return self._done(method, body, scope)
        except Forbidden as error:
            raise Refused(
                N_("%(error)s The bot may have been blocked or removed, or lacks the right.", error=error)
            ) from None
        except ConnectorError as error:
            moved = mapping(error.answer.get("parameters")).get("migrate_to_chat_id")
            if not isinstance(moved, int) or moved == body.get("chat_id"):
                raise
        return self._done(method, {**body, "chat_id": moved}, scope)

    def _done(self, method: str, body: Mapping[str, Any], scope: str) -> Any:
        answer = self.change("POST", f"/{method}", dict(body), scope=scope)
        if mapping(answer).get("ok") is not True:
            raise OutcomeUnknown(N_("Telegram does not say what became of it; it may have been accepted."))
        return answer.get("result")
