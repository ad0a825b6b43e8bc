"""A Lemmy server's API, version 3 (Lemmy 0.19), signed in with a password; and its words for no. Used by `lemmy` alone."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import httpx
from pydantic import SecretStr

from inbox.connectors.contract import N_, ConnectorError, Gone, NeedsPerson, RateLimited, Refused, Surroundings
from inbox.connectors.json_api import JsonApi, Query, mapping, text_of

T = TypeVar("T")
PREFIX = "/api/v3"
SIGNED_OUT = {"not_logged_in", "incorrect_login"}
SECOND_FACTOR = {"missing_totp_token", "incorrect_totp_token"}
IMPATIENT = {"rate_limit_error", "rate_limit"}
NO_MODERATOR = {"not_a_moderator", "not_a_mod_or_admin", "not_an_admin", "not_moderator"}


class Login(Protocol):
    """What signing in takes."""

    server: str
    username: str
    password: SecretStr


class LemmyApi(JsonApi):
    """One account on one server. Its token is kept in memory: servers count how often somebody signs in."""

    def __init__(self, login: Login, surroundings: Surroundings) -> None:
        super().__init__(surroundings, login.server)
        self.login = login
        self.memory = surroundings.memory
        self.whose = f"{login.username}@{login.server}"

    def read_openly(self, path: str) -> Any:
        """GET what is told to everybody, at whatever path, as JSON."""
        return super().get(path)

    def read(self, path: str, query: Query | None = None, *, scope: str = "", cost: int = 1) -> httpx.Response:
        """GET below /api/v3, signed in."""
        if not path.startswith("/api/"):
            return self._signed_in(lambda: super(LemmyApi, self).read(PREFIX + path, query, scope=scope, cost=cost))
        return super().read(path, query, scope=scope, cost=cost)

    def change(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """A change below /api/v3, signed in. A token that was refused is a clear no: asking anew does nothing twice."""
        return self._signed_in(lambda: super(LemmyApi, self).change(method, PREFIX + path, body, **options))

    def _signed_in(self, ask: Callable[[], T]) -> T:
        token = self.token()
        try:
            return self._asked(ask, token)
        except NeedsPerson as error:
            if error.status not in {400, 401}:
                raise
        return self._asked(ask, self.token(token))

    def _asked(self, ask: Callable[[], T], token: str) -> T:
        self.client.headers["Authorization"] = f"Bearer {token}"
        try:
            return ask()
        except ConnectorError as error:
            raise _told(error) from None

    def token(self, refused: str = "") -> str:
        """One that is good: the one that is kept, or that of a new sign-in."""
        state = self.memory.load()
        if state.get("token_of") == self.whose and state.get("token") not in {None, refused}:
            return text_of(state["token"])
        with self.memory.alone():
            state = self.memory.load()
            if state.get("token_of") != self.whose or state.get("token") in {None, refused}:
                state = {**state, "token": self._sign_in(), "token_of": self.whose}
                self.memory.save(state)
        return text_of(state["token"])

    def _sign_in(self) -> str:
        self.client.headers.pop("Authorization", None)
        body = {"username_or_email": self.login.username, "password": self.login.password.get_secret_value()}
        try:
            token = text_of(mapping(self.ask(f"{PREFIX}/user/login", body)).get("jwt"))
        except ConnectorError as error:
            word = text_of(error.answer.get("error"))
            if word in SECOND_FACTOR:
                told = N_(
                    "The account asks for a second factor, which no program can give; use an account without one."
                )
                raise NeedsPerson(told) from None
            if word in SIGNED_OUT:
                raise NeedsPerson(N_("The server does not accept user name and password; check both.")) from None
            if word not in IMPATIENT and isinstance(error, Refused):
                raise NeedsPerson(N_("The server does not let this account in: %(told)s", told=word or error)) from None
            raise _told(error) from None
        if not token:
            raise NeedsPerson(N_("The server gives no token; the account may wait for its approval."))
        return token


def _told(error: ConnectorError) -> ConnectorError:
    """Lemmy says nearly everything with 400; one word tells what it means."""
    word = text_of(error.answer.get("error"))
    kind: type[ConnectorError]
    if word in IMPATIENT:
        kind, told = RateLimited, N_("The server asks for patience.")
    elif word in SIGNED_OUT:
        kind, told = NeedsPerson, N_("The server does not accept the account any more; connect again.")
    elif word == "not_found" or word.startswith("couldnt_find"):
        kind, told = Gone, N_("The server does not find it (%(word)s).", word=word)
    elif word in NO_MODERATOR:
        kind, told = Refused, N_("The account does not moderate this community.")
    else:
        return error
    return kind(told, retry_after=error.retry_after, status=error.status, answer=error.answer)
