"""The guarded HTTP client of all connectors: private addresses refused, sizes capped, failures turned into the closed set."""

import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpcore
import httpx

from inbox.clock import now
from inbox.connectors.contract import (
    N_,
    ConnectorError,
    Gone,
    NeedsPerson,
    OutcomeUnknown,
    Pace,
    Passing,
    RateLimited,
    Refused,
)
from inbox.connectors.deadline import TimedBackend, ending, left
from inbox.connectors.no_connection import PrivateAddress, no_connection
from inbox.connectors.rate_headers import read_budget, read_moment, seconds_until, told_patience
from inbox.connectors.unpack import PACKINGS, Unpacker

USER_AGENT = "Trellis/0.1 (+https://trellis.invalid)"
BODY_LIMIT = 8 * 1024 * 1024
# A stranger who sends one byte a second keeps every single read below its time-out.
WHOLE_ANSWER_SECONDS = 120.0
LONGEST_PATIENCE = 24 * 3600.0
REDIRECTS = 5
ANSWER_READ = 20_000
# What may follow a redirect to another host; everything else may be a credential.
HARMLESS_HEADERS = {"accept", "accept-encoding", "accept-language", "user-agent", "if-none-match", "if-modified-since"}
# All that is routed in IPv6 so far. Outside lie, among others, the ways to write an IPv4 address as IPv6 that
# `ipaddress` calls global although the address inside may be loopback: ::127.0.0.1, ::ffff:0:127.0.0.1, NAT64.
ROUTED = ipaddress.ip_network("2000::/3")


class Forbidden(NeedsPerson):
    """403: a right is missing, or this very thing is not allowed; the connector that asked may know which."""


class BadRequest(Refused):
    """400: the platform does not understand; some servers mean the credentials by it."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return is_public(str(inner))
        if ip.teredo or ip not in ROUTED:
            return False
    return ip.is_global and not ip.is_multicast


class GuardedBackend(TimedBackend):
    """Resolves, checks every address, and connects to one it checked, so that DNS cannot change its mind in between."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        try:
            # In the system's order of preference, each address once.
            found = list(dict.fromkeys(str(e[4][0]) for e in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(error) from error
        if not found or not all(map(is_public, found)):
            raise PrivateAddress(f"{host} is a private address")
        for address in found[:-1]:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return super().connect_tcp(found[-1], port, timeout, local_address, socket_options)

    def connect_unix_socket(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("unix sockets are refused")


def open_client(
    *,
    allow_private: bool,
    base_url: str = "",
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float = 20.0,
    transport: httpx.BaseTransport | None = None,
    pace: Pace | None = None,
) -> httpx.Client:
    """A client for one connection. Close it, or use it as a context manager. `pace` is asked before every call."""
    if transport is None:
        transport = httpx.HTTPTransport(verify=_trusted(), retries=0)
        # httpx has no public way to give a network backend; a test pins that this one is honoured.
        transport._pool._network_backend = TimedBackend() if allow_private else GuardedBackend()
    return httpx.Client(
        base_url=base_url,
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": PACKINGS, **(headers or {})},
        timeout=httpx.Timeout(timeout_seconds, connect=min(10.0, timeout_seconds)),
        transport=transport,
        follow_redirects=False,
        trust_env=False,
        event_hooks=_hooks(pace) if pace else {},
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust, read once: reading it takes longer than most answers."""
    return httpx.create_ssl_context(trust_env=False)


def _hooks(pace: Pace) -> dict[str, list[Callable[..., Any]]]:
    """Asks before each request of a connection, and passes on what the answers say about the budget."""

    def ask(request: httpx.Request) -> None:
        pace.take(str(request.extensions.get("scope", "")), int(request.extensions.get("cost", 1)))

    def listen(response: httpx.Response) -> None:
        told = read_budget(response.headers)
        if told:
            scope = str(response.request.extensions.get("scope", ""))
            pace.learn(scope, remaining=told.remaining, limit=told.limit, reset_seconds=told.reset_seconds)

    return {"request": [ask], "response": [listen]}


def fetch(client: httpx.Client, method: str, url: str, *, limit: int = BODY_LIMIT, **options: Any) -> httpx.Response:
    """One request for reading: follows a few redirects, reads at most `limit` bytes, raises the closed set of errors.

    304 is returned as it is. `response.url` is where the answer came from in the end.
    """
    with _translated(sent=False):
        request = client.build_request(method, url, **options)
        for _ in range(REDIRECTS + 1):
            response = _exchange(client, request, limit)
            if response.next_request is None:
                raise_for_status(response)
                return response
            request = _followed(request, response.next_request)
    raise NeedsPerson(N_("%(host)s redirects in circles; check the address.", host=request.url.host))


def submit(client: httpx.Client, method: str, url: str, *, limit: int = BODY_LIMIT, **options: Any) -> httpx.Response:
    """One request that changes something: never repeated, never redirected. A lost answer raises OutcomeUnknown."""
    with _translated(sent=True):
        response = _exchange(client, client.build_request(method, url, **options), limit)
        if response.status_code >= 500:
            # A gateway may have given up on a request that the platform went on with.
            host = response.request.url.host
            raise OutcomeUnknown(
                N_("%(host)s answered %(status)s; it may have been accepted.", host=host, status=response.status_code)
            )
        raise_for_status(response)
        return response


def read_json(response: httpx.Response) -> Any:
    """The JSON of an answer. Raises Passing when it is something else: a proxy's page, or cut off."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        raise Passing(N_("%(host)s answered something that is not JSON.", host=response.request.url.host)) from None


def raise_for_status(response: httpx.Response) -> None:
    """Turn a failed answer into the closed set of errors."""
    status, host = response.status_code, response.request.url.host
    if status < 300 or status == 304:
        return
    answer, told = body_of(response), told_by(response)
    told = f': "{told}"' if told else ""
    kind: type[ConnectorError]
    if status == 429:
        kind, words = RateLimited, N_("%(host)s asks for patience%(told)s.", host=host, told=told)
    elif status == 401:
        words = N_("%(host)s does not accept the credentials%(told)s; connect again.", host=host, told=told)
        kind = NeedsPerson
    elif status == 403:
        words = N_("%(host)s does not allow this%(told)s; check the rights of the account.", host=host, told=told)
        kind = Forbidden
    elif status in {404, 410}:
        kind, words = Gone, N_("%(host)s says it is not there%(told)s.", host=host, told=told)
    elif status >= 500 or status in {408, 425}:
        kind, words = Passing, N_("%(host)s answered %(status)s%(told)s.", host=host, status=status, told=told)
    elif status < 400:
        kind, words = NeedsPerson, N_("%(host)s redirects elsewhere; check the address.", host=host)
    else:
        kind = BadRequest if status == 400 else Refused
        words = N_("%(host)s refused it (%(status)s)%(told)s.", host=host, status=status, told=told)
    raise kind(words, retry_after=retry_after(response), status=status, answer=answer)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait, at most a day: from Retry-After (seconds or a date), a rate-limit reset, or the body."""
    names = ("Retry-After", "X-RateLimit-Reset-After", "X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit-Reset")
    value = next((response.headers[name].strip() for name in names if response.headers.get(name, "").strip()), "")
    seconds = seconds_until(value, read_moment(response.headers.get("Date", "")) or datetime.now(UTC))
    if seconds is None:
        seconds = told_patience(body_of(response))
    return None if seconds is None else min(seconds, LONGEST_PATIENCE)


def told_by(response: httpx.Response) -> str:
    """What the platform says in the JSON of a failed answer, on one line and cut; empty when it says nothing."""
    body = body_of(response)
    error = body.get("error")
    inner = error if isinstance(error, dict) else {}
    told = [
        error,
        inner.get("message"),
        body.get("error_description") or body.get("message") or body.get("description"),
    ]
    words = [" ".join(part.split()) for part in told if isinstance(part, str)]
    return ": ".join(dict.fromkeys(filter(None, words)))[:300]


def body_of(response: httpx.Response) -> Mapping[str, Any]:
    """The JSON object of a failed answer; empty when it is none, or long."""
    try:
        body = json.loads(response.content) if len(response.content) <= ANSWER_READ else None
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _exchange(client: httpx.Client, request: httpx.Request, limit: int) -> httpx.Response:
    with ending(now() + timedelta(seconds=WHOLE_ANSWER_SECONDS)):
        response = client.send(request, stream=True)
        try:
            # httpx has no public way to give a decoder either, and its own unpack a whole piece at once; a test pins this too.
            response._decoder = Unpacker(response, limit)  # type: ignore[assignment]
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > limit:
                    size = round(limit / 1_048_576)
                    raise Refused(N_("%(host)s answered more than %(size)s MB.", host=request.url.host, size=size))
                left(None, httpx.ReadTimeout)
        finally:
            response.close()
    # httpx keeps what it read itself; we read it, so that we can stop.
    response._content = bytes(body)
    return response


def _followed(request: httpx.Request, target: httpx.Request) -> httpx.Request:
    """The redirected request, without anything that may be a credential once it leaves scheme, host and port."""
    before, after = request.url, target.url
    if (before.scheme, before.host, before.port) != (after.scheme, after.host, after.port):
        for name in [name for name in target.headers if name not in HARMLESS_HEADERS | {"host"}]:
            del target.headers[name]
    return target


@contextmanager
def _translated(*, sent: bool) -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise no_connection(error) from error
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise NeedsPerson(N_("The address cannot be used: %(error)s.", error=error)) from error
    except httpx.HTTPError as error:
        if sent:
            raise OutcomeUnknown(
                N_("The answer was lost (%(fault)s); it may have been accepted.", fault=type(error).__name__)
            ) from error
        raise Passing(N_("The answer was lost (%(fault)s).", fault=type(error).__name__)) from error
