"""Puts a token into every request to one host, and asks for a fresh one when it is refused. Shared by the connectors."""

from collections.abc import Callable, Generator

import httpx

Token = Callable[[str], str]


class Bearer(httpx.Auth):
    """`token` (a connector's `refresh_auth`) gives one that is good now; called with the refused one it gives another.

    A token stays with its host and is never sent in the clear: a redirect elsewhere takes none along. 401 is a clear no,
    so that asking again with a fresh token does nothing twice.
    """

    def __init__(self, host: str, token: Token) -> None:
        self.host = host
        self.token = token
        self.current = token("")

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if (request.url.scheme, request.url.host, request.url.port) != ("https", self.host, None):
            yield request
            return
        request.headers["Authorization"] = f"Bearer {self.current}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self.current = self.token(self.current)
            request.headers["Authorization"] = f"Bearer {self.current}"
            yield request
