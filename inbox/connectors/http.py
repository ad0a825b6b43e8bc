"""The guarded HTTP client of all connectors: private addresses refused, sizes capped, failures turned into the closed set."""

import ipaddress
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore
import httpx

from inbox.connectors.contract import Gone, NeedsPerson, OutcomeUnknown, Passing, RateLimited, Refused

USER_AGENT = "Trellis/0.1 (+https://trellis.invalid)"
BODY_LIMIT = 8 * 1024 * 1024
REDIRECTS = 5
# Translates any IPv4 address into IPv6; `ipaddress` calls it global although 64:ff9b::7f00:1 is loopback.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet."""
    ip = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    return ip.is_global and not ip.is_multicast and not (ip.version == 6 and ip in NAT64)


class GuardedBackend(httpcore.SyncBackend):
    """Resolves, checks every address, and connects to the one it checked, so that DNS cannot change its mind in between."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        try:
            found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        except socket.gaierror as error:
            raise httpcore.ConnectError(f"{host} cannot be found") from error
        if not found or not all(map(is_public, found)):
            raise httpcore.ConnectError(f"{host} is a private address (TRELLIS_ALLOW_PRIVATE_ADDRESSES permits it)")
        return super().connect_tcp(sorted(found)[0], port, timeout, local_address, socket_options)

    def connect_unix_socket(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("unix sockets are refused")


def open_client(
    *,
    allow_private: bool,
    base_url: str = "",
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float = 20.0,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """A client for one connection. Close it, or use it as a context manager."""
    if transport is None:
        guarded = httpx.HTTPTransport(retries=0)
        if not allow_private:
            # httpx has no public way to give a network backend; a test pins that this one is honoured.
            guarded._pool._network_backend = GuardedBackend()  # type: ignore[attr-defined]
        transport = guarded
    return httpx.Client(
        base_url=base_url,
        headers={"User-Agent": USER_AGENT, **(headers or {})},
        timeout=httpx.Timeout(timeout_seconds, connect=min(10.0, timeout_seconds)),
        transport=transport,
        follow_redirects=False,
        trust_env=False,
    )


def fetch(client: httpx.Client, method: str, url: str, *, limit: int = BODY_LIMIT, **options: Any) -> httpx.Response:
    """One request for reading: follows a few redirects, reads at most `limit` bytes, raises the closed set of errors."""
    with _translated(sent=False):
        for _ in range(REDIRECTS + 1):
            response = _exchange(client, method, url, limit, options)
            if response.next_request is None or response.status_code not in {301, 302, 303, 307, 308}:
                raise_for_status(response)
                return response
            target = response.next_request.url
            if target.host != response.request.url.host:
                # Credentials belong to the host they were given for.
                options = {**options, "headers": {**options.get("headers", {}), "Authorization": ""}}
            url, options = str(target), {k: v for k, v in options.items() if k != "params"}
    raise NeedsPerson(f"{url} redirects in circles; check the address.")


def submit(client: httpx.Client, method: str, url: str, *, limit: int = BODY_LIMIT, **options: Any) -> httpx.Response:
    """One request that changes something: never repeated, never redirected. A lost answer raises OutcomeUnknown."""
    with _translated(sent=True):
        response = _exchange(client, method, url, limit, options)
        if response.status_code >= 500:
            # A gateway may have given up on a request that the platform went on with.
            raise OutcomeUnknown(f"{response.request.url.host} answered {response.status_code}; it may have been accepted.")
        raise_for_status(response)
        return response


def read_json(response: httpx.Response) -> Any:
    """The JSON of an answer. Raises Passing when it is something else: a proxy's page, or cut off."""
    try:
        return json.loads(response.content)
    except ValueError:
        raise Passing(f"{response.request.url.host} answered something that is not JSON.") from None


def raise_for_status(response: httpx.Response) -> None:
    """Turn a failed answer into the closed set of errors."""
    status, host = response.status_code, response.request.url.host
    if status < 300:
        return
    told = _told(response)
    if status == 429:
        raise RateLimited(f"{host} asks for patience{told}.", retry_after=retry_after(response))
    if status == 401:
        raise NeedsPerson(f"{host} does not accept the credentials{told}; connect again.")
    if status == 403:
        raise NeedsPerson(f"{host} does not allow this{told}; check the rights of the account.")
    if status in {404, 410}:
        raise Gone(f"{host} says it is not there{told}.")
    if status >= 500 or status == 408:
        raise Passing(f"{host} answered {status}{told}.", retry_after=retry_after(response))
    if status < 400:
        raise NeedsPerson(f"{host} redirects elsewhere; check the address.")
    raise Refused(f"{host} refused it ({status}){told}.")


def retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait, from Retry-After (seconds or a date) or a rate-limit reset (epoch or ISO time)."""
    value = response.headers.get("Retry-After") or response.headers.get("X-RateLimit-Reset") or response.headers.get("RateLimit-Reset")
    if not value:
        return None
    try:
        number = float(value)
        # Below a year it is a duration; above, a moment since 1970.
        return max(0.0, number if number < 31_536_000 else number - datetime.now(UTC).timestamp())
    except ValueError:
        pass
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(value)
        except ValueError:
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    return None


def _exchange(client: httpx.Client, method: str, url: str, limit: int, options: dict[str, Any]) -> httpx.Response:
    with client.stream(method, url, **options) as response:
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > limit:
                raise Refused(f"{response.request.url.host} answered more than {limit // 1_048_576} MB.")
        response._content = bytes(body)
    return response


@contextmanager
def _translated(*, sent: bool) -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Passing(f"No connection: {error}.") from error
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise NeedsPerson(f"The address cannot be used: {error}.") from error
    except httpx.HTTPError as error:
        if sent:
            raise OutcomeUnknown(f"The answer was lost ({type(error).__name__}); it may have been accepted.") from error
        raise Passing(f"The answer was lost ({type(error).__name__}).") from error


def _told(response: httpx.Response) -> str:
    try:
        body = json.loads(response.content[:20_000])
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    words = body.get("message") or body.get("error_description") or body.get("error") or ""
    return f': "{str(words)[:200]}"' if isinstance(words, str) and words else ""
