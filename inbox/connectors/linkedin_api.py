"""LinkedIn's versioned REST API, signed in: pages of lists, counts of many posts at once, writing. Used by `linkedin` alone."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

import httpx

from inbox.connectors.bearer import Bearer, Token
from inbox.connectors.contract import N_, ConnectorError, NeedsPerson, Passing, SignIn, Surroundings
from inbox.connectors.http import Forbidden, fetch, read_json, submit
from inbox.connectors.json_api import JsonApi, listed, mapping, own_words, segment
from inbox.connectors.lenient import dicts, whole_number, words

HOST = "api.linkedin.com"
VERSION = "202607"
# What LinkedIn names today for reading posts, reading and writing comments, and the page's name.
SCOPES = "r_organization_social r_organization_social_feed w_organization_social_feed rw_organization_admin"
WRITING = {"w_organization_social_feed", "w_organization_social"}
SIGN_IN = SignIn(
    authorize_url="https://www.linkedin.com/oauth/v2/authorization",
    token_url="https://www.linkedin.com/oauth/v2/accessToken",  # noqa: S106  an address
    scopes=tuple(SCOPES.split()),
    uses_pkce=False,
)
PAGE = 100


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of a list, and where the next one starts; None at the end."""

    rows: Sequence[Any]
    further: int | None


class LinkedInApi(JsonApi):
    """Use it as a context manager. Raises the closed set of errors."""

    def __init__(self, token: Token, settings: Any, surroundings: Surroundings) -> None:
        headers = {"LinkedIn-Version": settings.api_version, "X-Restli-Protocol-Version": "2.0.0"}
        super().__init__(surroundings, f"https://{HOST}/rest", headers)
        self.version = settings.api_version
        self.client.auth = Bearer(HOST, token)

    def organization(self, number: str) -> Mapping[str, Any]:
        """The page itself."""
        with self._explained():
            return mapping(self.get(f"/organizations/{segment(number)}"))

    def posts(self, author: str, count: int) -> Sequence[Any]:
        """The author's posts, those changed last first."""
        query = {"q": "author", "author": author, "sortBy": "LAST_MODIFIED", "count": count}
        with self._explained():
            return listed(mapping(self.get("/posts", query)).get("elements"))

    def counts(self, posts: Sequence[str]) -> Mapping[str, int]:
        """How many comments and answers each post has; a post that LinkedIn does not tell of is left out."""
        if not posts:
            return {}
        # A list's brackets and commas must stay as they are, which httpx would not leave them in a query of its own.
        path = f"/socialMetadata?ids=List({','.join(quote(post, safe='') for post in posts)})"
        with self._explained(), own_words():
            found = mapping(read_json(fetch(self.client, "GET", path))).get("results")
        summaries = {unquote(name): mapping(mapping(row).get("commentSummary")) for name, row in mapping(found).items()}
        if not summaries.keys() & set(posts):
            raise Passing(N_("LinkedIn does not say how many comments its posts have."))
        return {name: whole_number(summary.get("count")) for name, summary in summaries.items()}

    def comments(self, below: str, start: int = 0) -> Rows:
        """A page of the comments below a post, or of the answers below a comment. Raises Gone when that is gone."""
        with self._explained():
            found = mapping(self.get(f"/socialActions/{segment(below)}/comments", {"start": start, "count": PAGE}))
        rows, paging = listed(found.get("elements")), mapping(found.get("paging"))
        is_more = any(link.get("rel") == "next" for link in dicts(paging.get("links")))
        is_more = is_more or start + PAGE < whole_number(paging.get("total"))
        return Rows(rows, start + PAGE if is_more else None)

    def comment(self, on: str, number: str) -> Mapping[str, Any]:
        """A single comment. Raises Gone when it is not there any more."""
        with self._explained():
            return mapping(self.get(f"/socialActions/{segment(on)}/comments/{segment(number)}"))

    def answer(self, below: str, body: Mapping[str, Any]) -> httpx.Response:
        """Write a comment. Its number is in a header; raises OutcomeUnknown when the answer got lost."""
        with self._explained():
            return submit(self.client, "POST", f"/socialActions/{segment(below)}/comments", json=body)

    def delete(self, on: str, number: str, actor: str) -> None:
        """Delete a comment. Raises Gone when somebody was quicker."""
        with self._explained():
            path = f"/socialActions/{segment(on)}/comments/{segment(number)}"
            self.change("DELETE", path, query={"actor": actor})

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ConnectorError as error:
            code = words(error.answer.get("code"))
            if error.status == httpx.codes.UPGRADE_REQUIRED or code == "NONEXISTENT_VERSION":
                raise NeedsPerson(
                    N_(
                        "LinkedIn has retired version %(version)s of its API; enter a newer one in the channel's settings.",
                        version=self.version,
                    ),
                    status=error.status,
                ) from None
            if isinstance(error, Forbidden):
                raise Forbidden(
                    N_(
                        "%(error)s The app needs the Community Management API, and the account a role on the page.",
                        error=error,
                    ),
                    status=error.status,
                    answer=error.answer,
                ) from None
            raise


def sign_in_with(scopes: str) -> SignIn:
    """The consent page, asking for these scopes."""
    return replace(SIGN_IN, scopes=tuple(scopes.split()))
