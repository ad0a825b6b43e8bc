"""A platform for tests that wants a person's consent: a real OAuth server, and a connector that signs in there.

The server checks what real ones check: the client, PKCE S256, the redirect address, codes and refresh tokens used once.
"""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import SecretStr

from inbox.connectors import registry
from inbox.connectors.contract import (
    Account,
    Author,
    Batch,
    Capabilities,
    ChannelConnector,
    Group,
    IncomingMessage,
    Setup,
    SignIn,
    StreamSpec,
)
from inbox.connectors.http import fetch, open_client, read_json
from inbox.connectors.oauth import access_token

KIND = "consented"
SECRET = "s3cret"


class ConsentedSetup(Setup):
    """An app at the platform."""

    server: str
    client_id: str
    client_secret: SecretStr


class Consented(ChannelConnector):
    """Reads one message, named after the account."""

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "Consented"
    about: ClassVar[str] = "Posts of an invented platform."
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = ConsentedSetup
    capabilities: ClassVar[Capabilities] = Capabilities()

    def sign_in(self) -> SignIn:
        server = self.settings.server
        return SignIn(f"{server}/authorize", f"{server}/token", ("read", "write"))

    def check(self) -> Account:
        me = self._me()
        return Account(me["name"], me["id"])

    def streams(self) -> Sequence[StreamSpec]:
        return (StreamSpec("mentions"),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        me = self._me()
        yield Batch((IncomingMessage("1", "1", f"Hello {me['name']}", author=Author("a")),), cursor={"v": 1})

    def _me(self) -> dict[str, Any]:
        token = access_token(self.sign_in(), self.settings, self.surroundings)
        with open_client(allow_private=True, headers={"Authorization": f"Bearer {token}"}) as client:
            found: dict[str, Any] = read_json(fetch(client, "GET", f"{self.settings.server}/me"))
            return found


class Platform:
    """What the server knows. `account` is who consents next, `expires_in` and `refreshes_for` seconds (0: not told)."""

    def __init__(self) -> None:
        self.address = ""
        self.account = "g-1"
        self.expires_in = 3600
        self.refreshes_for = 0
        self.scopes = "read write"
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: dict[str, str] = {}
        self.access_tokens: dict[str, str] = {}
        self.refusals: list[str] = []

    def consent(self, address: str) -> str:
        """What the person's browser is sent back to when they agree: checks the request as a consent page does."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (query["response_type"], query["client_id"], query["scope"]) == ("code", "trellis", "read write")
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = {**query, "account": self.account}
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def grant(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Tokens, or why not. Codes and refresh tokens are good once."""
        if (form.get("client_id"), form.get("client_secret")) != ("trellis", SECRET):
            return {"error": "invalid_client"}
        if form["grant_type"] == "refresh_token":
            account = self.refresh_tokens.pop(form["refresh_token"], None)
            return self._tokens(account) if account else {"error": "invalid_grant"}
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not asked or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return {"error": "invalid_grant"}
        return self._tokens(asked["account"])

    def _tokens(self, account: str) -> dict[str, Any]:
        access, refresh = secrets.token_urlsafe(8), secrets.token_urlsafe(8)
        self.access_tokens[access], self.refresh_tokens[refresh] = account, account
        told = {"access_token": access, "refresh_token": refresh, "expires_in": self.expires_in, "scope": self.scopes}
        return told | ({"refresh_token_expires_in": self.refreshes_for} if self.refreshes_for else {})


@contextmanager
def platform() -> Iterator[Platform]:
    """The running server; the product knows its kind meanwhile."""
    known = Platform()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = known.grant({name: values[0] for name, values in parse_qs(body).items()})
            known.refusals += [answer["error"]] if "error" in answer else []
            self._say(400 if "error" in answer else 200, answer)

        def do_GET(self) -> None:
            if self.path.startswith("/authorize"):
                # Here the person would be asked; they agree.
                self.send_response(302)
                self.send_header("Location", known.consent(f"{known.address}{self.path}"))
                self.end_headers()
                return
            account = known.access_tokens.get((self.headers["Authorization"] or "").removeprefix("Bearer "))
            self._say(200 if account else 401, {"id": account, "name": f"@{account}"})

        def _say(self, status: int, answer: Mapping[str, Any]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    registry.CHANNELS[KIND] = "tests.consented:Consented"
    try:
        yield known
    finally:
        del registry.CHANNELS[KIND]
        server.shutdown()
        server.server_close()
