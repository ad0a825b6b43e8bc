"""A forum's API with one key, and how it says no. Used by `discourse` alone."""

from collections.abc import Mapping
from typing import Any

from inbox.connectors.contract import N_, NeedsPerson, Refused, Surroundings
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, mapping


class DiscourseApi(JsonApi):
    """One account in one forum."""

    def __init__(self, server: str, username: str, key: str, surroundings: Surroundings) -> None:
        # Without `Accept` some addresses answer pages instead of JSON.
        headers = {"Api-Key": key, "Api-Username": username, "Accept": "application/json"}
        super().__init__(surroundings, server, headers)

    def do(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """A change, made once. Raises Refused with the forum's own reasons."""
        try:
            return mapping(self.change(method, path, dict(body) if body is not None else None))
        except (Refused, Forbidden) as error:
            told = error.answer.get("errors")
            reasons = " ".join(each for each in told if isinstance(each, str)) if isinstance(told, list) else ""
            # A dead key is refused like a missing right; in every language only its words name the API.
            if isinstance(error, Forbidden) and "API" in reasons:
                raise NeedsPerson(
                    N_("The forum does not take the key: %(told)s", told=reasons[:500]), status=error.status
                ) from None
            kind = Refused if isinstance(error, Forbidden) else type(error)
            words = N_("The forum refused it: %(told)s", told=reasons[:500]) if reasons else error.sentence
            raise kind(words, status=error.status) from None
