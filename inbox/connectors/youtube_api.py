"""YouTube's Data API, signed in: its calls with what they cost, and its own words for what went wrong. Used by `youtube`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from inbox.clock import now
from inbox.connectors.bearer import Bearer, Token
from inbox.connectors.contract import N_, ConnectorError, Gone, NeedsPerson, RateLimited, Refused, SignIn, Surroundings
from inbox.connectors.json_api import JsonApi, Query, listed, mapping, text_of

HOST = "youtube.googleapis.com"
WRITE_COST = 50
SEARCHES = "search"
AT_ONCE = 50
PAGE = 100
REPLY_PAGES = 20
SIGN_IN = SignIn(
    authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
    token_url="https://oauth2.googleapis.com/token",  # noqa: S106  an address
    scopes=("https://www.googleapis.com/auth/youtube.force-ssl",),
    # Without these Google gives no token that can be renewed, or only the first time.
    extra={"access_type": "offline", "prompt": "consent"},
)
QUEUES = {"held": "heldForReview", "spam": "likelySpam"}
USED_UP = {"quotaExceeded", "dailyLimitExceeded"}
TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded"}
NEED_A_PERSON = {
    "accessNotConfigured": N_("The YouTube Data API v3 is not switched on in the Google Cloud project of this client."),
    "insufficientPermissions": N_("The consent does not cover comments; sign in again on the channel's page."),
    "youtubeSignupRequired": N_("This Google account has no YouTube channel; sign in with the one that has."),
    "channelSuspended": N_("YouTube has suspended this channel."),
}
REFUSALS = {
    "commentsDisabled": N_("Comments are switched off there."),
    "forbidden": N_("YouTube does not allow this; the channel must own the video, or comments may be closed."),
    "ineligibleAccount": N_("This Google account must be joined with a YouTube channel before it can comment."),
    "operationNotSupported": N_("YouTube takes answers to a thread only, not to this."),
}


class YouTubeApi(JsonApi):
    """Use it as a context manager. Raises the closed set of errors."""

    def __init__(self, token: Token, surroundings: Surroundings) -> None:
        super().__init__(surroundings, f"https://{HOST}/youtube/v3")
        self.client.auth = Bearer(HOST, token)

    def read(self, path: str, query: Query | None = None, *, scope: str = "", cost: int = 1) -> httpx.Response:
        """GET; a list costs one unit."""
        with _in_our_words():
            return super().read(path, query, scope=scope, cost=cost)

    def write(self, path: str, query: Query, body: Any = None) -> Mapping[str, Any]:
        """POST, for fifty units."""
        with _in_our_words():
            return mapping(self.change("POST", path, body, query=query, cost=WRITE_COST))

    def our_channel(self) -> Mapping[str, Any]:
        """The channel of the account that signed in. Raises NeedsPerson when it has none."""
        found = self.get("/channels", {"part": "snippet", "mine": True})
        channels = mapping(found).get("items") or []
        if not isinstance(channels, list) or not channels or not text_of(mapping(channels[0]).get("id")):
            raise NeedsPerson(N_("This Google account has no YouTube channel; sign in with the one that has."))
        return mapping(channels[0])

    def threads(self, query: Query, token: str | None = None) -> tuple[list[Any], str | None]:
        """Comment threads, newest first, and where the next page begins."""
        asked = {"part": "snippet,replies", "order": "time", "textFormat": "plainText", "maxResults": PAGE}
        return _page(self.get("/commentThreads", {**asked, **query, "pageToken": token}))

    def replies(self, thread_id: str) -> Iterator[Any]:
        """All answers in a thread; it shows only a few of them itself."""
        token: str | None = None
        for _ in range(REPLY_PAGES):
            asked = {"part": "snippet", "parentId": thread_id, "textFormat": "plainText", "maxResults": PAGE}
            found, token = _page(self.get("/comments", {**asked, "pageToken": token}))
            yield from found
            if token is None:
                return

    def comments(self, names: Sequence[str]) -> dict[str, Any]:
        """Comments by id; those that YouTube does not show (any more) are missing."""
        return self._by_name("/comments", {"textFormat": "plainText"}, names)

    def videos(self, names: Sequence[str]) -> dict[str, Any]:
        """Videos by id, with their counts."""
        return self._by_name("/videos", {"part": "snippet,statistics"}, names)

    def search(self, query: Query) -> tuple[list[Any], str | None]:
        """What a search finds; of these a day has a hundred."""
        return _page(self.get("/search", query, scope=SEARCHES))

    def waiting(self, channel_id: str) -> set[str]:
        """Ids of the latest comments that YouTube holds back and does not show by their id."""
        found: set[str] = set()
        for status in QUEUES.values():
            query = {"allThreadsRelatedToChannelId": channel_id, "moderationStatus": status}
            for thread in self.threads(query)[0]:
                answers = mapping(mapping(thread).get("replies")).get("comments")
                for each in [thread, *(answers if isinstance(answers, list) else [])]:
                    found.add(text_of(mapping(each).get("id")))
        return found

    def _by_name(self, path: str, query: Query, names: Sequence[str]) -> dict[str, Any]:
        found: list[Any] = []
        for start in range(0, len(names), AT_ONCE):
            chosen = ",".join(names[start : start + AT_ONCE])
            found += _page(self.get(path, {"part": "snippet", **query, "id": chosen}))[0]
        return {text_of(each.get("id")): each for each in found if isinstance(each, dict)}


def _page(answer: Any) -> tuple[list[Any], str | None]:
    # A page without anything may come without the list, but it says what it is a list of.
    answer = mapping(answer)
    empty: list[Any] | None = [] if text_of(answer.get("kind")).endswith("ListResponse") else None
    return listed(answer.get("items", empty)), text_of(answer.get("nextPageToken")) or None


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Google says most things by 403 and a reason."""
    try:
        yield
    except ConnectorError as error:
        inner = mapping(error.answer.get("error")).get("errors")
        first = inner[0] if isinstance(inner, list) and inner else {}
        reason = text_of(mapping(first).get("reason"))
        if reason in USED_UP:
            raise RateLimited(
                N_("Today's quota of the Google Cloud project is used up."),
                retry_after=until_reset(),
                status=error.status,
            ) from None
        if reason in TOO_FAST:
            raise RateLimited(N_("YouTube asks for patience."), retry_after=error.retry_after, status=403) from None
        if reason in NEED_A_PERSON:
            raise NeedsPerson(NEED_A_PERSON[reason], status=error.status) from None
        if reason in REFUSALS:
            raise Refused(REFUSALS[reason], status=error.status) from None
        if reason.endswith("NotFound") and not isinstance(error, Gone):
            raise Gone(error.sentence, status=error.status) from None
        raise


def until_reset() -> float:
    """Seconds until the quota is full again: midnight at Google."""
    there = now().astimezone(ZoneInfo("America/Los_Angeles"))
    midnight = datetime.combine(there.date() + timedelta(days=1), time(), there.tzinfo)
    return max(60.0, midnight.timestamp() - there.timestamp())
