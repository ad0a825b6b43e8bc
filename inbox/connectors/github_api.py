"""GitHub's two APIs with one token, and its ways of asking for patience. Shared by the channel and the tracker."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from inbox.connectors.contract import N_, Gone, OutcomeUnknown, Passing, RateLimited, Refused, Surroundings
from inbox.connectors.http import Forbidden, retry_after
from inbox.connectors.json_api import JsonApi, Query, mapping, text_of
from inbox.connectors.lenient import dicts

API_VERSION = "2022-11-28"
PATIENCE_SECONDS = 60.0
_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")


def repository_name(typed: str) -> str:
    """Owner and name ("acme/app"), also out of the address of a page. Raises ValueError."""
    path = urlsplit(typed).path.strip("/") if "://" in typed else typed.strip("/")
    path = path.removesuffix(".git")
    if not _REPOSITORY.fullmatch(path):
        raise ValueError(N_("must be owner/name, for example acme/app"))
    return path


def api_address(typed: str) -> str:
    """Where the API lies, without a slash at the end. Raises ValueError."""
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", typed):
        raise ValueError(N_("must start with https://"))
    return typed.rstrip("/")


def headers_with(token: str) -> dict[str, str]:
    """What every request says."""
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": API_VERSION,
    }


def notice_patience(response: httpx.Response) -> None:
    """A hook on answers: 403 is a missing right or a used-up limit, and only the headers tell these apart."""
    if response.status_code not in {403, 429}:
        return
    if "Retry-After" in response.headers or response.headers.get("X-RateLimit-Remaining") == "0":
        raise RateLimited(N_("GitHub asks for patience."), retry_after=retry_after(response) or PATIENCE_SECONDS)


@contextmanager
def patiently() -> Iterator[None]:
    """The secondary limit sometimes comes without a header that says so."""
    try:
        yield
    except Forbidden as error:
        if "rate limit" in str(error).lower():
            raise RateLimited(N_("GitHub asks for patience."), retry_after=PATIENCE_SECONDS) from error
        raise


class GitHubApi(JsonApi):
    """REST by paths, GraphQL by documents. Use it as a context manager."""

    def __init__(self, api_url: str, token: str, surroundings: Surroundings) -> None:
        super().__init__(surroundings, api_url, headers_with(token))
        self.client.event_hooks["response"].append(notice_patience)
        # An own server has its REST below /api/v3.
        self.graphql = f"{api_url.removesuffix('/v3')}/graphql"

    def read(self, path: str, query: Query | None = None, *, scope: str = "", cost: int = 1) -> httpx.Response:
        """GET. For when the headers matter too."""
        with patiently():
            return super().read(path, query, scope=scope, cost=cost)

    def do(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A change by REST, made once. Raises Refused where this very thing is not allowed."""
        try:
            with patiently():
                return self.change(method, path, dict(body) if body is not None else None)
        except Forbidden as error:
            raise Refused(error.sentence) from None

    def query(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The data of a question; parts that are not there are null."""
        with patiently():
            answer = mapping(self.ask(self.graphql, {"query": document, "variables": dict(variables)}, scope="graphql"))
        data = answer.get("data")
        _raise_for(answer, is_change=False, has_data=isinstance(data, dict))
        if not isinstance(data, dict):
            raise Passing(N_("GitHub answered something else than expected."))
        return data

    def mutate(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """A change by GraphQL, made once; its data."""
        body = {"query": document, "variables": dict(variables)}
        try:
            with patiently():
                answer = mapping(self.change("POST", self.graphql, body, scope="graphql"))
        except Forbidden as error:
            raise Refused(error.sentence) from None
        _raise_for(answer, is_change=True, has_data=False)
        if not isinstance(answer.get("data"), dict):
            raise OutcomeUnknown(N_("GitHub does not say what became of it; it may have been accepted."))
        return mapping(answer["data"])


def _raise_for(answer: Mapping[str, Any], *, is_change: bool, has_data: bool) -> None:
    errors = dicts(answer.get("errors"))
    kinds = {text_of(error.get("type")) for error in errors}
    told = " ".join(text_of(error.get("message")) for error in errors)[:300]
    if "RATE_LIMITED" in kinds:
        raise RateLimited(N_("GitHub asks for patience."), retry_after=PATIENCE_SECONDS)
    if not errors or (has_data and kinds <= {"NOT_FOUND"}):
        return
    if kinds <= {"NOT_FOUND"}:
        raise Gone(N_("GitHub says it is not there: %(told)s", told=told))
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"} and not is_change:
        raise Forbidden(N_("GitHub does not allow this: %(told)s; check the rights of the token.", told=told))
    if not is_change and not kinds & {"UNPROCESSABLE", "FORBIDDEN"}:
        raise Passing(N_("GitHub could not answer: %(told)s", told=told))
    raise Refused(N_("GitHub refused it: %(told)s", told=told))
