"""One signed-in account of the AT Protocol: a session that is kept, refreshed and saved before use, and requests with it."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from inbox.connectors.contract import (
    N_,
    ConnectorError,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    RateLimited,
    Refused,
    Surroundings,
)
from inbox.connectors.http import fetch, open_client, read_json, submit

T = TypeVar("T")
VERSION = 1
STALE = ("ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired")


class BlueskyApi:
    """Use it as a context manager. Every method raises the closed set of errors.

    Signing in is limited to 30 in five minutes and 300 a day, so the session lives in the connection's memory.
    """

    def __init__(self, service: str, identifier: str, password: str, surroundings: Surroundings) -> None:
        self.service = service
        self.identifier = identifier
        self.password = password
        self.memory = surroundings.memory
        self.allow_private = surroundings.allow_private_addresses
        self.client = open_client(
            allow_private=self.allow_private, timeout_seconds=surroundings.timeout_seconds, pace=surroundings.pace
        )
        self.session: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    @property
    def did(self) -> str:
        """Our account's permanent id."""
        return str(self._signed_in()["did"])

    @property
    def handle(self) -> str:
        """Our account's present name."""
        return str(self._signed_in()["handle"])

    def get(
        self, method: str, query: Mapping[str, Any], more_headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A query."""

        def ask(base: str, headers: dict[str, str]) -> dict[str, Any]:
            headers |= more_headers or {}
            return _object(
                read_json(fetch(self.client, "GET", f"{base}/xrpc/{method}", params=dict(query), headers=headers))
            )

        return self._with_session(ask)

    def post(
        self, method: str, body: Mapping[str, Any], more_headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A procedure, done once; only a refused token makes it ask again."""

        def send(base: str, headers: dict[str, str]) -> dict[str, Any]:
            headers |= more_headers or {}
            response = submit(self.client, "POST", f"{base}/xrpc/{method}", json=dict(body), headers=headers)
            if not response.content:
                return {}
            try:
                return _object(read_json(response))
            except Passing as error:
                raise OutcomeUnknown(N_("%(error)s It may have been accepted.", error=error)) from None

        return self._with_session(send)

    def token(self, refused: str) -> str:
        """The session's token, renewed when it is the `refused` one."""
        session = self._signed_in()
        return str((self._renewed(refused) if session["access"] == refused else session)["access"])

    def sign_in(self) -> None:
        """Start a new session with the app password. Raises NeedsPerson when it is not accepted."""
        body = {"identifier": self.identifier, "password": self.password}
        try:
            answer = self._ask(self.service, "com.atproto.server.createSession", body, {})
        except RateLimited:
            raise
        except Refused as error:
            raise NeedsPerson(N_("%(error)s Check the account and its app password.", error=error)) from None
        except NeedsPerson as error:
            if "AuthFactorTokenRequired" in str(error):
                raise NeedsPerson(
                    N_("This account asks for a second factor; connect with an app password instead.")
                ) from None
            raise
        self._keep(answer)

    def _with_session(self, call: Callable[[str, dict[str, str]], T]) -> T:
        session = self._signed_in()
        try:
            return call(session["pds"], {"Authorization": f"Bearer {session['access']}"})
        except (Refused, NeedsPerson) as error:
            if not any(word in str(error) for word in STALE):
                raise
        session = self._renewed(session["access"])
        return call(session["pds"], {"Authorization": f"Bearer {session['access']}"})

    def _signed_in(self) -> dict[str, Any]:
        if not self.session:
            self.session = self._remembered()
        if not self.session:
            self.sign_in()
        return self.session

    def _renewed(self, stale: str) -> dict[str, Any]:
        with self.memory.alone():
            # Another process may have renewed it meanwhile; the refresh token it used is spent.
            self.session = self._remembered()
            if self.session and self.session["access"] != stale:
                return self.session
            if self.session:
                headers = {"Authorization": f"Bearer {self.session['refresh']}"}
                try:
                    self._keep(self._ask(self.session["pds"], "com.atproto.server.refreshSession", None, headers))
                    return self.session
                except (Refused, NeedsPerson):
                    # Spent, by somebody who was killed before keeping what it gave: the password is as good.
                    pass
            self.sign_in()
        return self.session

    def _ask(
        self, base: str, method: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        try:
            options: dict[str, Any] = {"headers": dict(headers)} | ({"json": dict(body)} if body is not None else {})
            return _object(read_json(submit(self.client, "POST", f"{base}/xrpc/{method}", **options)))
        except OutcomeUnknown as error:
            # A session too many does no harm.
            raise Passing(error.sentence, retry_after=error.retry_after) from None

    def _keep(self, answer: Mapping[str, Any]) -> None:
        """Save before use: the tokens before these are worth nothing any more."""
        try:
            session = {
                "v": VERSION,
                "service": self.service,
                "identifier": self.identifier,
                "did": str(answer["did"]),
                "handle": str(answer.get("handle") or self.identifier),
                "access": str(answer["accessJwt"]),
                "refresh": str(answer["refreshJwt"]),
                "pds": self._home(answer) or self.session.get("pds") or self.service,
            }
        except KeyError as error:
            raise Passing(N_("Bluesky's answer to signing in lacks %(error)s.", error=error)) from None
        if answer.get("active") is False:
            raise NeedsPerson(
                N_("The account is not active (%(status)s).", status=answer.get("status") or "no reason given")
            )
        self.memory.save(session)
        self.session = session

    def _remembered(self) -> dict[str, Any]:
        session = self.memory.load()
        wanted = {"v": VERSION, "service": self.service, "identifier": self.identifier}
        parts = ("did", "handle", "access", "refresh", "pds")
        is_ours = all(session.get(name) == value for name, value in wanted.items())
        return dict(session) if is_ours and all(session.get(name) for name in parts) else {}

    def _home(self, answer: Mapping[str, Any]) -> str:
        """The server that keeps this account, from its DID document; big services are only a door to it."""
        document = answer.get("didDoc")
        for entry in document.get("service") or () if isinstance(document, dict) else ():
            if isinstance(entry, dict) and str(entry.get("id", "")).endswith("#atproto_pds"):
                try:
                    url = httpx.URL(str(entry.get("serviceEndpoint")))
                except httpx.InvalidURL:
                    return ""
                if url.host and (url.scheme == "https" or (url.scheme == "http" and self.allow_private)):
                    return f"{url.scheme}://{url.netloc.decode()}"
        return ""


def is_missing(error: ConnectorError) -> bool:
    """Whether an error says that a record or account does not exist (any more)."""
    words = (
        "RecordNotFound",
        "Could not locate record",
        "Could not find repo",
        "RepoNotFound",
        "RepoTakendown",
        "NotFound",
    )
    return any(word in str(error) for word in words)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Passing(N_("Bluesky answered something that is not an object."))
    return value
