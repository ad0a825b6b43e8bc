"""Why a web server could not be reached: what the machine says of it, as sentences of ours."""

import socket
import ssl

import httpcore
import httpx

from inbox.connectors.contract import N_, ConnectorError, NeedsPerson, Passing


class PrivateAddress(httpcore.ConnectError):
    """The name leads into a private network."""


def no_connection(error: httpx.TransportError) -> ConnectorError:
    """What to raise for an `error` that a request met before it was sent: whose server it was, and what is wrong there."""
    host, cause = error.request.url.host, error.__cause__
    if isinstance(cause, PrivateAddress):
        return NeedsPerson(
            N_("%(host)s is a private address; TRELLIS_ALLOW_PRIVATE_ADDRESSES=true permits it.", host=host)
        )
    match cause.args[0] if cause and cause.args else error:
        case socket.gaierror() | UnicodeError():
            return Passing(N_("%(host)s cannot be found; check the name.", host=host))
        case ConnectionRefusedError():
            return Passing(N_("%(host)s refuses the connection: no server listens there.", host=host))
        case ssl.SSLCertVerificationError() as flaw:
            return Passing(
                N_("The certificate of %(host)s cannot be trusted: %(reason)s.", host=host, reason=flaw.verify_message)
            )
        case ssl.SSLError():
            return Passing(N_("%(host)s does not speak TLS; check whether the address begins with https.", host=host))
        case TimeoutError() | httpx.TimeoutException():
            return Passing(N_("%(host)s does not answer.", host=host))
        case _:
            return Passing(N_("No connection: %(error)s.", error=error))
