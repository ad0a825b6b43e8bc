"""Reddit's API, signed in: it wants to know who calls, and refuses also with 200. Used by `reddit` alone."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from inbox.connectors.bearer import Bearer, Token
from inbox.connectors.contract import N_, ConnectorError, Gone, RateLimited, Refused, SignIn, Surroundings
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, listed, mapping
from inbox.connectors.lenient import words

HOST = "oauth.reddit.com"
SCOPES = (
    "identity",
    "read",
    "submit",
    "privatemessages",
    "modposts",
    "modcontributors",
    "mysubreddits",
    "report",
    "history",
)
SIGN_IN = SignIn(
    authorize_url="https://www.reddit.com/api/v1/authorize",
    token_url="https://www.reddit.com/api/v1/access_token",  # noqa: S106  an address
    scopes=SCOPES,
    uses_pkce=False,
    basic_auth=True,
    extra={"duration": "permanent"},
)
_WAIT = re.compile(r"(\d+) (millisecond|second|minute|hour)")
SECONDS = {"millisecond": 0.001, "second": 1.0, "minute": 60.0, "hour": 3_600.0}


class RedditApi(JsonApi):
    """Use it as a context manager. Raises the closed set of errors."""

    def __init__(self, token: Token, settings: Any, surroundings: Surroundings) -> None:
        # Reddit slows down programs that do not name themselves in this form.
        name = words(surroundings.memory.load().get("name"))
        agent = f"web:{settings.client_id}:v0.1 ({f'by /u/{name}' if name.isascii() and name else 'Trellis'})"
        super().__init__(surroundings, f"https://{HOST}", {"User-Agent": agent})
        self.client.auth = Bearer(HOST, token)

    def things(self, path: str, query: Mapping[str, Any]) -> tuple[list[Any], str | None]:
        """The things of a listing, and where the next page starts."""
        found = mapping(mapping(self.get(path, {"raw_json": 1, **query})).get("data"))
        return listed(found.get("children")), words(found.get("after")) or None

    def do(self, path: str, form: Mapping[str, Any]) -> Mapping[str, Any]:
        """A change, made once. What a person lacks the right for is refused, not a fault of the connection."""
        try:
            answer = mapping(self.change("POST", path, form={"api_type": "json", "raw_json": 1, **form}))
        except Gone:
            raise
        except Forbidden as error:
            raise Refused(N_("%(error)s The account may not be a moderator there.", error=error)) from None
        told = mapping(answer.get("json"))
        errors = told.get("errors")
        if isinstance(errors, list) and errors:
            raise _refusal(errors)
        return mapping(told.get("data"))


def _refusal(errors: Sequence[Any]) -> ConnectorError:
    first = errors[0] if isinstance(errors[0], list) else [errors[0]]
    name, told = words(first[0]), words(first[1]) if len(first) > 1 else ""
    if name == "RATELIMIT":
        wait = _WAIT.search(told)
        seconds = float(wait[1]) * SECONDS[wait[2]] if wait else 60.0
        return RateLimited(N_("Reddit asks for patience: %(told)s", told=told), retry_after=seconds)
    if name in {"DELETED_COMMENT", "DELETED_LINK", "TOO_OLD"}:
        return Gone(N_("Reddit takes no answer there any more: %(told)s", told=told or name))
    return Refused(N_("Reddit refused it: %(told)s", told=told or name))
