"""Meta's Graph API as Facebook, Instagram, Threads and WhatsApp share it: calls, paging, its errors, signed deliveries."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from inbox.connectors.contract import (
    N_,
    ConnectorError,
    Gone,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    RateLimited,
    Refused,
    Retention,
    Sentence,
    Surroundings,
)
from inbox.connectors.json_api import JsonApi, Query, listed, mapping, text_of
from inbox.connectors.lenient import whole_number
from inbox.connectors.signed_body import require_signed
from inbox.text import one_line

# A version lives for two years; afterwards Meta answers in the oldest that is left.
VERSION = "v23.0"
GRAPH = "graph.facebook.com"
RETENTION = Retention(
    because=N_("Meta's platform terms: erase when it is no longer needed, or when people ask for it.")
)
NO_TRAINING = N_("Meta's platform terms do not allow to learn from what people write.")

# Meta counts every other answer to a delivery than 200 as a failure, and after some stops delivering.
RECEIVED = "EVENT_RECEIVED"

TOKEN_DEAD = {102, 190, 463, 467}
NO_RIGHT = {3, 10, *range(200, 300)}
TOO_MUCH = {4, 17, 32, 341, 613, 80007, 130429, 131048, 131056, *range(80001, 80015)}
UNCLEAR = {1, 2}
WINDOW = {(10, 2018278), (10, 2534022), (100, 2018278), (131047, 0)}
WINDOW_WORDS = N_("The person last wrote more than 24 hours ago; Meta delivers answers within 24 hours only.")
REFUSALS = {
    551: N_("The person cannot be reached now; they may have blocked the account or closed theirs."),
    506: N_("The very same words have just been posted there."),
    131026: N_("WhatsApp cannot deliver to this number."),
    131051: N_("WhatsApp does not know this type of message."),
}
BLOCKED = {368, 131031}


class Page(NamedTuple):
    """A page of an edge, as Meta orders it, and where the next one begins."""

    rows: list[Any]
    after: str | None


class MetaApi(JsonApi):
    """Use it as a context manager. The token travels in a header, never in an address; its proof goes along."""

    def __init__(
        self, surroundings: Surroundings, token: str, app_secret: str, *, host: str = GRAPH, version: str = VERSION
    ) -> None:
        super().__init__(surroundings, f"https://{host}/{version}", {"Authorization": f"Bearer {token}"})
        if app_secret:
            proof = hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
            self.client.params = httpx.QueryParams({"appsecret_proof": proof})

    def read(self, path: str, query: Query | None = None, *, scope: str = "", cost: int = 1) -> httpx.Response:
        """GET."""
        with in_our_words(changes=False):
            return super().read(path, query, scope=scope, cost=cost)

    def page(self, path: str, query: Query, after: str | None = None) -> Page:
        """One page of an edge. Cursors outlive no deletion: use them within one walk only."""
        answer = mapping(self.get(path, {**query, "after": after}))
        paging = mapping(answer.get("paging"))
        further = text_of(mapping(paging.get("cursors")).get("after")) if "next" in paging else ""
        return Page(listed(answer.get("data")), further or None)

    def post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Query | None = None,
        form: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """POST, once."""
        with in_our_words(changes=True):
            return mapping(self.change("POST", path, None if form else dict(body or {}), query=query, form=form))

    def erase(self, path: str, body: Mapping[str, Any] | None = None) -> None:
        """DELETE, once."""
        with in_our_words(changes=True):
            self.change("DELETE", path, dict(body) if body else None)

    def granted(self) -> list[str] | None:
        """The rights that whoever made the token consented to; None where the token is not a person's or system's."""
        try:
            rows = listed(mapping(self.get("/me/permissions")).get("data"))
        except (Refused, NeedsPerson):
            return None
        granted = [text_of(mapping(row).get("permission")) for row in rows if mapping(row).get("status") == "granted"]
        return sorted(filter(None, granted))


@contextmanager
def in_our_words(*, changes: bool) -> Iterator[None]:
    """Meta says by a code what went wrong; the status alone is mostly 400."""
    try:
        yield
    except OutcomeUnknown:
        raise
    except ConnectorError as error:
        raise understood(error, changes=changes) from None


def understood(error: ConnectorError, *, changes: bool) -> ConnectorError:
    """The same failure as what it is."""
    told = mapping(error.answer.get("error"))
    code, subcode = whole_number(told.get("code")), whole_number(told.get("error_subcode"))
    said = text_of(told.get("error_user_msg")) or text_of(told.get("message"))
    words = one_line(said, 500) or error.sentence
    # Meta's support asks for this number.
    trace = one_line(text_of(told.get("fbtrace_id")), 60)

    def made(kind: type[ConnectorError], text: Sentence, **more: Any) -> ConnectorError:
        whole = N_("%(told)s (Meta's trace %(trace)s)", told=text, trace=trace) if trace else text
        return kind(whole, status=error.status, answer=error.answer, **more)

    if not code:
        return error
    if (code, subcode) in WINDOW or (code, 0) in WINDOW:
        return made(Refused, WINDOW_WORDS)
    if code in TOKEN_DEAD:
        return made(
            NeedsPerson, N_("Meta no longer accepts the token: %(told)s Make a new one and save it here.", told=words)
        )
    if code in TOO_MUCH:
        return made(RateLimited, N_("Meta asks for patience."), retry_after=error.retry_after)
    if code in BLOCKED:
        return made(NeedsPerson, N_("Meta has blocked this for a time: %(told)s", told=words))
    if code in REFUSALS:
        return made(Refused, REFUSALS[code])
    if code in NO_RIGHT:
        return made(NeedsPerson, N_("A right is missing: %(told)s", told=words))
    if code == 803 or (code == 100 and subcode == 33):
        return made(Gone, N_("Meta says that this is not there (any more), or that the account may not see it."))
    if code in UNCLEAR or told.get("is_transient") is True:
        # Of a change it may have been done all the same.
        kind = OutcomeUnknown if changes and code in UNCLEAR else Passing
        return made(kind, N_("Meta is in trouble: %(told)s", told=words))
    # 401 and 429 keep their meaning, whatever the code.
    return (
        error
        if isinstance(error, NeedsPerson | RateLimited)
        else made(Refused, N_("Meta refused it: %(told)s", told=words))
    )


def greeted(query: Mapping[str, str], verify_token: str) -> str:
    """The answer to Meta's question whether deliveries are expected here. Raises Refused for a wrong word."""
    given = query.get("hub.verify_token", "")
    is_right = bool(verify_token) and hmac.compare_digest(given.encode("utf-8", "replace"), verify_token.encode())
    if query.get("hub.mode") != "subscribe" or not is_right or not query.get("hub.challenge"):
        raise Refused(N_("The verify token is not the one in the channel's settings."))
    return query["hub.challenge"]


def delivered(headers: Mapping[str, str], body: bytes, app_secret: str, kind: str) -> list[Mapping[str, Any]]:
    """The entries of a signed delivery about objects of this kind. Raises Refused."""
    require_signed(headers, body, name="X-Hub-Signature-256", secret=app_secret)
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(N_("The delivery is not JSON.")) from None
    entries = sent.get("entry") if isinstance(sent, dict) and sent.get("object") == kind else None
    if not isinstance(entries, list):
        raise Refused(N_("The delivery is not about a %(kind)s.", kind=kind))
    return [entry for entry in entries if isinstance(entry, dict)]


def rows_of(entry: Mapping[str, Any], name: str) -> list[Any]:
    """What an entry holds under this name; nothing where it holds something else than a list."""
    rows = entry.get(name)
    return rows if isinstance(rows, list) else []
