"""A platform that speaks JSON over HTTP, signed in: asking, and changing something once. Shared by the connectors."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from inbox.connectors.contract import N_, Gone, OutcomeUnknown, Passing, Refused, Surroundings
from inbox.connectors.handles import NOWHERE
from inbox.connectors.http import fetch, open_client, read_json, submit

Query = Mapping[str, Any]


class JsonApi:
    """Use it as a context manager. Every method raises the closed set of errors.

    `scope` names the platform's own budget that a call counts for, `cost` how much of it (see the connector's `rates`).
    """

    def __init__(
        self,
        surroundings: Surroundings,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> None:
        self.client = open_client(
            allow_private=surroundings.allow_private_addresses,
            base_url=base_url,
            headers=headers,
            timeout_seconds=timeout_seconds or surroundings.timeout_seconds,
            pace=surroundings.pace,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def read(self, path: str, query: Query | None = None, *, scope: str = "", cost: int = 1) -> httpx.Response:
        """GET. For when the headers matter too."""
        with own_words():
            return fetch(self.client, "GET", path, params=_given(query), extensions={"scope": scope, "cost": cost})

    def get(self, path: str, query: Query | None = None, *, scope: str = "", cost: int = 1) -> Any:
        """GET, as JSON."""
        return read_json(self.read(path, query, scope=scope, cost=cost))

    def ask(self, path: str, body: Any, *, scope: str = "", cost: int = 1) -> Any:
        """POST JSON where that only reads (searches, GraphQL queries), as JSON."""
        extensions = {"scope": scope, "cost": cost}
        with own_words():
            return read_json(fetch(self.client, "POST", path, json=body, extensions=extensions))

    def change(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Query | None = None,
        form: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        scope: str = "",
        cost: int = 1,
    ) -> Any:
        """Change something, once; the JSON of the answer, None where there is none. Raises OutcomeUnknown when it got lost."""
        options: dict[str, Any] = {"json": body} if body is not None else {"data": form} if form is not None else {}
        response = submit(
            self.client,
            method,
            path,
            params=_given(query),
            headers=dict(headers or {}),
            extensions={"scope": scope, "cost": cost},
            **options,
        )
        if not response.content.strip():
            return None
        try:
            return read_json(response)
        except Passing as error:
            raise OutcomeUnknown(N_("%(error)s It may have been accepted.", error=error)) from None


@contextmanager
def own_words() -> Iterator[None]:
    """Raises Passing for a 404 without JSON: a proxy or a site that moved says so of everything, and nothing is gone."""
    try:
        yield
    except Gone as error:
        if error.answer:
            raise
        told = N_("%(error)s These are not the platform's own words; check the address.", error=error)
        raise Passing(told, status=error.status) from None


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """`value`, which must be a list. Raises Passing: what is no list is not an empty one."""
    if not isinstance(value, list):
        raise Passing(N_("The platform answered something that is not a list."))
    return value


def text_of(value: Any) -> str:
    """`value` when it is text, a number as text, else empty."""
    if isinstance(value, bool):
        return ""
    return str(value) if isinstance(value, str | int) else ""


def segment(name: str) -> str:
    """An id as one part of a path, whatever a stranger put into it. Raises Refused for none."""
    if name in {"", ".", ".."}:
        raise Refused(NOWHERE)
    return quote(name, safe="")


def _given(query: Query | None) -> dict[str, Any]:
    return {name: _written(value) for name, value in (query or {}).items() if value is not None}


def _written(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
