"""Opens the sockets of mail: to an address that was checked, with certificates that are checked, errors in the closed set."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import certifi

from inbox.connectors.contract import N_, NeedsPerson, Passing
from inbox.connectors.deadline import TimedSocket, TimedTls, left
from inbox.connectors.http import is_public


def open_socket(host: str, port: int, *, allow_private: bool, timeout_seconds: float) -> socket.socket:
    """A connected socket. Raises Passing when nobody answers, NeedsPerson when the address is private and may not be."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Passing(N_("%(host)s cannot be found; check the name.", host=host)) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(map(is_public, addresses)):
        raise NeedsPerson(
            N_("%(host)s is a private address; TRELLIS_ALLOW_PRIVATE_ADDRESSES=true permits it.", host=host)
        )
    for address in addresses:
        try:
            plain = socket.create_connection((address, port), timeout=left(timeout_seconds))
            connected = TimedSocket(fileno=plain.detach())
            connected.settimeout(timeout_seconds)
            # Commands and their texts are written in small pieces, which would wait for each other's receipt.
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connected
        except OSError as error:
            reason = error
    raise Passing(
        N_(
            "%(host)s does not answer on port %(port)s (%(reason)s).",
            host=host,
            port=port,
            reason=reason.strerror or "time-out",
        )
    ) from reason


def secure(plain: socket.socket, host: str) -> ssl.SSLSocket:
    """TLS over an open socket; the certificate must be valid for `host`."""
    context = ssl.create_default_context()
    context.sslsocket_class = TimedTls
    # Pythons from python.org on macOS know no authorities of the system; a company's own come from the system.
    context.load_verify_locations(certifi.where())
    return context.wrap_socket(plain, server_hostname=host)


@contextmanager
def connecting(host: str, port: int) -> Iterator[None]:
    """While a connection is made and secured: failures of network and certificates become ConnectorErrors."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise NeedsPerson(
            N_("The certificate of %(host)s cannot be trusted: %(reason)s.", host=host, reason=error.verify_message)
        ) from error
    except ssl.SSLError as error:
        raise NeedsPerson(
            N_("%(host)s does not speak TLS on port %(port)s; check port and security.", host=host, port=port)
        ) from error
    except OSError as error:
        raise Passing(
            N_(
                "The connection to %(host)s broke (%(reason)s).",
                host=host,
                reason=error.strerror or type(error).__name__,
            )
        ) from error
