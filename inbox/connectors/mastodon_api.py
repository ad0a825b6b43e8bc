"""One signed-in account on a server of the Mastodon API: requests, and what is known of the account and the server."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx

from inbox.clock import now
from inbox.connectors.contract import N_, NeedsPerson, OutcomeUnknown, Passing, Refused, Surroundings
from inbox.connectors.http import BadRequest, Forbidden, fetch, open_client, read_json, submit
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import web_address
from inbox.connectors.mastodon_read import URL_LENGTH, Person

BELIEVED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Us:
    """Our account and what its server allows."""

    id: str
    acct: str
    url: str
    domain: str
    limit: int = 500
    url_length: int = URL_LENGTH
    api_version: int = 0

    @property
    def handle(self) -> str:
        """The account's name as others write it."""
        return self.acct if "@" in self.acct else f"{self.acct}@{self.domain}"


class MastodonApi:
    """Use it as a context manager. Every method raises the closed set of errors."""

    def __init__(self, server: str, token: str, surroundings: Surroundings) -> None:
        self.server = server
        self.memory = surroundings.memory
        self.client = open_client(
            allow_private=surroundings.allow_private_addresses,
            base_url=server,
            headers={"Authorization": f"Bearer {token}"},
            timeout_seconds=surroundings.timeout_seconds,
            pace=surroundings.pace,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def read(self, path: str, query: Mapping[str, Any] | None = None) -> httpx.Response:
        """GET."""
        try:
            return fetch(self.client, "GET", path, params=dict(query or {}))
        except BadRequest as error:
            # What we ask when reading is well formed: a server that dislikes it dislikes the token.
            raise NeedsPerson(N_("%(error)s The access token may be wrong; connect again.", error=error)) from None

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """GET, as JSON."""
        return read_json(self.read(path, query))

    def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
        """POST JSON, once. Raises Refused where this is not allowed, NeedsPerson where a right is missing."""
        try:
            response = submit(self.client, "POST", path, json=dict(body), headers=dict(headers or {}))
        except Forbidden as error:
            if "scope" in str(error) or "disabled" in str(error):
                raise
            raise Refused(error.sentence) from None
        try:
            return read_json(response)
        except Passing as error:
            raise OutcomeUnknown(N_("%(error)s It may have been accepted.", error=error)) from None

    def us(self, *, anew: bool = False) -> Us:
        """Who we are, and what the server allows; remembered for a day."""
        remembered = self.memory.load()
        if not anew and remembered.get("server") == self.server:
            try:
                if datetime.fromisoformat(remembered["at"]) > now() - BELIEVED_FOR:
                    return Us(**remembered["us"])
            except (KeyError, TypeError, ValueError):
                pass
        us = self._ask()
        self.memory.save({"server": self.server, "at": now().isoformat(), "us": asdict(us)})
        return us

    def _ask(self) -> Us:
        raw = self.get("/api/v1/accounts/verify_credentials")
        try:
            me = Person.model_validate(raw)
        except ValueError:
            raise Passing(N_("%(host)s does not say whose account this is.", host=self.client.base_url.host)) from None
        instance = self._instance()
        limits = mapping(mapping(instance.get("configuration")).get("statuses"))
        domain = str(instance.get("domain") or instance.get("uri") or self.client.base_url.host)
        return Us(
            id=me.id,
            acct=me.acct or me.username,
            url=web_address(me.url),
            domain=domain.partition("://")[2].strip("/") if "://" in domain else domain,
            limit=_number(limits.get("max_characters") or instance.get("max_toot_chars"), 500),
            url_length=_number(limits.get("characters_reserved_per_url"), URL_LENGTH),
            api_version=_number(mapping(instance.get("api_versions")).get("mastodon"), 0),
        )

    def _instance(self) -> Mapping[str, Any]:
        for path in ("/api/v2/instance", "/api/v1/instance"):
            try:
                return mapping(self.get(path))
            except (Refused, NeedsPerson):
                # Older servers have only the second, closed ones show neither; the defaults are Mastodon's own.
                continue
        return {}


def _number(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else otherwise
