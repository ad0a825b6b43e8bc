"""X's API, signed in, and paid for call by call. Used by `x` alone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from inbox.connectors.bearer import Bearer, Token
from inbox.connectors.contract import N_, ConnectorError, NeedsPerson, Passing, Refused, SignIn, Surroundings
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, listed, mapping
from inbox.connectors.lenient import dicts, words
from inbox.connectors.x_budget import Prices, Purse

HOST = "api.x.com"
SIGN_IN = SignIn(
    authorize_url="https://x.com/i/oauth2/authorize",
    token_url="https://api.x.com/2/oauth2/token",  # noqa: S106  an address
    scopes=("tweet.read", "users.read", "tweet.write", "tweet.moderate.write", "mute.write", "offline.access"),
    basic_auth=True,
)
NO_CREDITS = 402
FIELDS = {
    "tweet.fields": "author_id,conversation_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,"
    "lang,note_tweet,public_metrics,referenced_tweets",
    "user.fields": "name,profile_image_url,username",
    "expansions": "author_id,referenced_tweets.id",
}


class XApi(JsonApi):
    """Use it as a context manager. Raises the closed set of errors, and Spent before a call that cannot be paid for."""

    def __init__(self, token: Token, settings: Any, surroundings: Surroundings) -> None:
        super().__init__(surroundings, f"https://{HOST}")
        self.purse = Purse(surroundings.memory, settings.budget, settings.prices)
        self.client.auth = Bearer(HOST, token)

    def posts(
        self, path: str, query: Mapping[str, Any], *, most: int, scope: str
    ) -> tuple[list[Any], Mapping[str, Any], Mapping[str, Any]]:
        """Posts (at most `most`), what came along with them, and the page's own words."""
        with self.purse.pay(most * self.purse.prices.whole_post) as bill, _told():
            answer = mapping(self.get(path, {**FIELDS, **query}, scope=scope))
            found, along = answer.get("data"), mapping(answer.get("includes"))
            bill.costs = costs_of(found, along, self.purse.prices)
        meta = mapping(answer.get("meta"))
        is_nothing = found is None and (meta.get("result_count") == 0 or dicts(answer.get("errors")))
        if not is_nothing and not isinstance(found, list):
            raise Passing(N_("X answered something that is not a list."))
        return [] if is_nothing else listed(found), along, meta

    def me(self) -> Mapping[str, Any]:
        """Whose consent this is."""
        with self.purse.pay(self.purse.prices.person), _told():
            return mapping(mapping(self.get("/2/users/me")).get("data"))

    def do(self, method: str, path: str, body: Any = None, *, costs: int, scope: str) -> Mapping[str, Any]:
        """A change, made once; what X says of it."""
        with self.purse.pay(costs), _told(changes=True):
            return mapping(mapping(self.change(method, path, body, scope=scope)).get("data"))


@contextmanager
def _told(*, changes: bool = False) -> Iterator[None]:
    """Puts X's own words and what to do into an error; what this account may not do is no fault of the connection."""
    try:
        yield
    except ConnectorError as error:
        detail = " ".join(words(error.answer.get("detail")).split())[:300]
        if error.status == NO_CREDITS:
            told = N_(
                "X says that the app has no credits left; buy some in X's developer console. %(told)s", told=detail
            )
            raise NeedsPerson(told, status=error.status) from None
        if isinstance(error, Forbidden) and changes:
            raise Refused(N_("X does not allow this: %(told)s", told=detail or error), status=error.status) from None
        raise


def costs_of(found: Any, along: Mapping[str, Any], prices: Prices) -> int:
    """What an answer costs at most, by what is in it."""
    posts = len(found) if isinstance(found, list) else 0
    posts += len(dicts(along.get("tweets")))
    return posts * prices.post + len(dicts(along.get("users"))) * prices.person
