"""Signs in at an IMAP server: over a checked address, with checked certificates, and errors that say what a person must do."""

import imaplib
import re
from dataclasses import dataclass, field
from socket import socket
from typing import Any

from imap_tools import BaseMailBox

from inbox.connectors.contract import N_, ConnectorError, NeedsPerson, Passing
from inbox.connectors.email_socket import open_socket, secure
from inbox.text import one_line

# More than the largest batch of mails that is asked for at once.
ANSWER_LIMIT = 64 * 1024 * 1024
_TEMPORARY = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]|too many|temporar|try again|later", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where mail arrives. `security` is "ssl", "starttls" or "none"."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    allow_private: bool = False
    timeout_seconds: float = 20.0


def sign_in(server: ImapServer) -> BaseMailBox:
    """A signed-in connection. Raises NeedsPerson when the server does not let us in, Passing when not now."""
    box = _Box(server)
    client = box.client
    try:
        if server.security == "starttls":
            if "STARTTLS" not in client.capabilities:
                raise NeedsPerson(
                    N_(
                        "%(host)s offers no STARTTLS on port %(port)s; check port and security.",
                        host=server.host,
                        port=server.port,
                    )
                )
            client.starttls(_Checking(server.host))
        _log_in(server, client)
        # Servers tell most of what they can only to those whom they have let in.
        _, data = client.capability()
        client.capabilities = tuple(b" ".join(filter(None, data)).decode("ascii", "replace").upper().split())
    except BaseException:
        sign_out(box)
        raise
    return box


def _log_in(server: ImapServer, client: imaplib.IMAP4) -> None:
    try:
        if f"{server.user}{server.password}".isascii():
            client.login(server.user, server.password)
        else:
            client.authenticate("PLAIN", lambda _: f"\0{server.user}\0{server.password}".encode())
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise _not_let_in(server, re.sub(r"^b['\"](.*)['\"]$", r"\1", str(error))) from error


def sign_out(box: BaseMailBox) -> None:
    """Leave. What goes wrong here changes nothing any more."""
    try:
        box.client.logout()
    except (imaplib.IMAP4.error, OSError, ValueError):
        # The library leaves the socket of a broken connection open.
        try:
            box.client.shutdown()
        except OSError:
            pass


class _Client(imaplib.IMAP4):
    """The library's client over a socket whose address was checked, and with a limit to what a command brings."""

    _taken = 0

    def __init__(self, server: ImapServer) -> None:
        self._server = server
        super().__init__(server.host, server.port, server.timeout_seconds)

    def _create_socket(self, timeout: float | None) -> socket:
        server = self._server
        plain = open_socket(
            server.host, server.port, allow_private=server.allow_private, timeout_seconds=server.timeout_seconds
        )
        return secure(plain, server.host) if server.security == "ssl" else plain

    def read(self, size: int) -> bytes:
        self._take(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._take(len(line))
        return line

    def _take(self, size: int) -> None:
        self._taken += size
        if self._taken > ANSWER_LIMIT:
            raise self.abort(f"more than {ANSWER_LIMIT // 1_048_576} MB in one answer")

    def _command(self, name: str, *arguments: Any) -> Any:
        self._taken = 0
        return super()._command(name, *arguments)  # type: ignore[misc]


class _Box(BaseMailBox):
    def __init__(self, server: ImapServer) -> None:
        self._server = server
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return _Client(self._server)


class _Checking:
    """What the library takes for an SSL context: it only asks it to wrap the socket."""

    def __init__(self, host: str) -> None:
        self.host = host

    def wrap_socket(self, plain: socket, server_hostname: str) -> socket:
        return secure(plain, self.host)


def _not_let_in(server: ImapServer, words: str) -> ConnectorError:
    told = one_line(words, 200)
    if _TEMPORARY.search(words):
        return Passing(N_("%(host)s lets nobody in now: %(told)s", host=server.host, told=told), retry_after=300.0)
    return NeedsPerson(
        N_(
            "%(host)s does not accept user name and password of %(account)s: %(told)s",
            host=server.host,
            account=server.user,
            told=told,
        )
    )
