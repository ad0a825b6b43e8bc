"""The API of Stack Exchange for one site: it tells in its answers how long to wait and what is left of the day."""

import re
from collections.abc import Mapping
from typing import Any

from inbox.connectors.contract import N_, ConnectorError, NeedsPerson, Passing, RateLimited, Refused, Surroundings
from inbox.connectors.json_api import JsonApi, listed, mapping
from inbox.connectors.lenient import words

API = "https://api.stackexchange.com/2.3"
ACCESS_DENIED = 403
NO_TOKEN = {401, 402, ACCESS_DENIED, 406}
THROTTLED = 502
_WAIT = re.compile(r"in (\d{1,6}) second")


class StackExchangeApi(JsonApi):
    """Use it as a context manager."""

    def __init__(self, site: str, key: str, token: str, surroundings: Surroundings) -> None:
        super().__init__(surroundings, API)
        self.pace = surroundings.pace
        self.site = site
        self.common = {name: value for name, value in (("site", site), ("key", key)) if value}
        # Only where it is needed, because in a question it is part of the address.
        self.signature = {"access_token": token} if token else {}

    def ask_site(self, path: str, query: Mapping[str, Any], *, signed: bool = False) -> tuple[list[Any], bool]:
        """The items of a page with their words, and whether there are more."""
        common = {**self.common, "filter": "withbody", **(self.signature if signed else {})}
        # Each kind of question has its own time to wait.
        scope = path.rpartition("/")[2] if ";" in path else path
        try:
            answer = mapping(self.get(path, {**common, **query}, scope=scope))
        except ConnectorError as error:
            raise _known(error) from None
        self._listen(answer, scope)
        return listed(answer.get("items")), answer.get("has_more") is True

    def write(self, path: str, form: Mapping[str, Any]) -> Mapping[str, Any]:
        """A change, made once; its one item."""
        try:
            answer = mapping(self.change("POST", path, form={**self.common, **self.signature, **form}))
        except ConnectorError as error:
            if error.answer.get("error_id") == ACCESS_DENIED:
                told = words(error.answer.get("error_message"))[:200]
                raise Refused(
                    N_("Stack Exchange does not let this account comment there: %(told)s", told=told)
                ) from None
            raise _known(error) from None
        items = answer.get("items")
        return mapping(items[0]) if isinstance(items, list) and items else {}

    def _listen(self, answer: Mapping[str, Any], scope: str) -> None:
        backoff, left, most = answer.get("backoff"), answer.get("quota_remaining"), answer.get("quota_max")
        if isinstance(backoff, int):
            self.pace.learn(scope, remaining=0, limit=None, reset_seconds=backoff)
        if isinstance(left, int) and isinstance(most, int) and left < most / 10:
            # The day begins at midnight UTC; until then little is left.
            self.pace.learn("", remaining=left, limit=most, reset_seconds=None)


def _known(error: ConnectorError) -> ConnectorError:
    number = error.answer.get("error_id")
    told = words(error.answer.get("error_message"))[:200]
    if number == THROTTLED:
        wait = _WAIT.search(told)
        seconds = float(wait[1]) if wait else error.retry_after
        return RateLimited(N_("Stack Exchange asks for patience: %(told)s", told=told), retry_after=seconds or 60.0)
    if number in NO_TOKEN:
        return NeedsPerson(
            N_("Stack Exchange does not accept the access token: %(told)s. Make another one.", told=told)
        )
    if number == 500:
        return Passing(N_("Stack Exchange is in trouble: %(told)s", told=told))
    return Refused(N_("Stack Exchange refused it: %(told)s", told=told), status=error.status) if told else error
