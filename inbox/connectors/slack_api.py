"""One app in one Slack workspace: calls, who we are, its rooms, and the names of people. Used by `slack` alone."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from inbox.connectors.contract import (
    N_,
    ConnectorError,
    Gone,
    IncomingMessage,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    RateLimited,
    Refused,
    Surroundings,
)
from inbox.connectors.http import read_json, retry_after
from inbox.connectors.json_api import JsonApi, listed, mapping
from inbox.connectors.lenient import words
from inbox.connectors.read_each import Harvest, Place, dumped, read_each
from inbox.connectors.slack_read import NameOf, Said, message_of

API = "https://slack.com/api"
NAMES_KEPT = 3_000
NAMES_AT_ONCE = 20
_SHOWN = re.compile(r'(?:<@|"user(?:_id)?": ")([A-Z0-9]{2,20})\b')
ROOMS_AT_ONCE = 200
PAGES = 100
SIGNED_OUT = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "org_login_required"}
NOT_THERE = {"channel_not_found", "message_not_found", "thread_not_found", "user_not_found", "cant_update_message"}
PASSES = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
# Slack says of these that a part may have been done.
MAYBE_DONE = {"internal_error", "fatal_error", "service_unavailable"}


class SlackApi(JsonApi):
    """Use it as a context manager. Slack answers 200 also where it refuses."""

    def __init__(self, token: str, surroundings: Surroundings) -> None:
        super().__init__(surroundings, API, {"Authorization": f"Bearer {token}"})
        self.memory = surroundings.memory
        kept = self.memory.load()
        self.us: dict[str, Any] = dict(mapping(kept.get("us")))
        self.names: dict[str, str] = dict(mapping(kept.get("names")))
        self.titles: dict[str, str] = dict(mapping(kept.get("titles")))

    @property
    def our_id(self) -> str:
        """The app's own member id."""
        return words(self.us.get("user_id"))

    @property
    def team_url(self) -> str:
        """The workspace's address, with a slash at its end."""
        return words(self.us.get("url"))

    def sign_in(self) -> dict[str, Any]:
        """Who we are, with the scopes that the token has; kept in memory."""
        response = self.read("/auth.test")
        found = dict(_checked(read_json(response), "auth.test", response))
        scopes = response.headers.get("x-oauth-scopes", "")
        self.us = {**found, "scopes": [scope.strip() for scope in scopes.split(",") if scope.strip()]}
        self.remember()
        return self.us

    def ask_slack(self, method: str, query: Mapping[str, Any]) -> Mapping[str, Any]:
        """A method that reads."""
        response = self.read(f"/{method}", query, scope=method)
        return _checked(read_json(response), method, response)

    def do(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A method that changes something, once. Raises OutcomeUnknown when Slack does not clearly say yes or no."""
        answer = mapping(self.change("POST", f"/{method}", dict(body), scope=method))
        if answer.get("ok") is not True and words(answer.get("error")) in MAYBE_DONE | {""}:
            raise OutcomeUnknown(N_("Slack does not say clearly what became of it; it may have been accepted."))
        return _checked(answer, method)

    def rooms(self, chosen: Sequence[str]) -> list[dict[str, Any]]:
        """The channels that the app is a member of, and direct ones; of the chosen only, if any were."""
        found: list[dict[str, Any]] = []
        further: str | None = None
        for _ in range(PAGES):
            kinds = "public_channel,private_channel,im"
            query = {"types": kinds, "exclude_archived": True, "limit": ROOMS_AT_ONCE, "cursor": further}
            answer = self.ask_slack("users.conversations", query)
            found += [dict(room) for room in map(mapping, listed(answer.get("channels"))) if words(room.get("id"))]
            further = words(mapping(answer.get("response_metadata")).get("next_cursor")) or None
            if further is None:
                break
        self.titles = {room["id"]: "" if room.get("is_im") else words(room.get("name")) for room in found}
        return [room for room in found if self.is_chosen(room["id"], chosen)]

    def is_chosen(self, channel: str, chosen: Sequence[str]) -> bool:
        """Whether the settings name this channel by id or by name, or name none."""
        return not chosen or channel in chosen or (self.titles.get(channel) or channel) in chosen

    def message(self, raw: Mapping[str, Any], channel: str, name_of: NameOf | None = None) -> IncomingMessage:
        """A message of this channel as ours. Raises ValueError when it cannot be read."""
        return message_of(
            raw,
            channel=channel,
            title=f"#{title}" if (title := self.titles.get(channel)) else "",
            our_id=self.our_id,
            team_url=self.team_url,
            name_of_person=name_of or self.name_of,
        )

    def messages(self, said: Sequence[Any], channel: str) -> Harvest:
        """What can be read of these messages of this channel, and what cannot."""
        return read_each(said, lambda raw: [self.message(raw, channel)], lambda raw: self.place(raw, channel))

    def place(self, raw: Any, channel: str) -> Place:
        """What a message that cannot be read yet will be read with: its channel, and the names of those whom it shows."""
        people = list(dict.fromkeys(_SHOWN.findall(dumped(raw))))[:NAMES_AT_ONCE]
        return {"channel": channel, "names": {person: self.name_of(person) for person in people}}

    def read_again(self, raw: Any, place: Place) -> Sequence[IncomingMessage]:
        """A message that was kept with its place; nobody's name is asked for."""
        names = {**self.names, **place["names"]}
        is_spoken = Said.model_validate(raw).is_spoken
        return (self.message(raw, place["channel"], lambda who: words(names.get(who)) or who),) if is_spoken else ()

    def name_of(self, person: str) -> str:
        """A person's name as Slack shows it; asked for once."""
        if person not in self.names:
            try:
                user = mapping(self.ask_slack("users.info", {"user": person}).get("user"))
            except (Refused, NeedsPerson):
                # People of other workspaces may not be asked for.
                user = {}
            profile = mapping(user.get("profile"))
            shown = words(profile.get("display_name")) or words(profile.get("real_name")) or words(user.get("name"))
            self.names[person] = shown or person
        return self.names[person]

    def remember(self) -> None:
        """Keep who we are and the names for the next run."""
        names = dict(list(self.names.items())[-NAMES_KEPT:])
        self.memory.save({**self.memory.load(), "us": self.us, "names": names, "titles": self.titles})


def is_error(error: ConnectorError, *names: str) -> bool:
    """Whether Slack refused with one of these words."""
    return words(error.answer.get("error")) in names


def _checked(answer: Any, method: str, response: httpx.Response | None = None) -> Mapping[str, Any]:
    found = mapping(answer)
    if found.get("ok") is True:
        return found
    error = _refusal(words(found.get("error")) if found.get("ok") is False else "", found, method)
    error.retry_after = retry_after(response) if response is not None and isinstance(error, RateLimited) else None
    raise error


def _refusal(error: str, answer: Mapping[str, Any], method: str) -> ConnectorError:
    if not error:
        return Passing(N_("Slack answered something else than expected."))
    if error in {"ratelimited", "rate_limited"}:
        return RateLimited(N_("Slack asks for patience."), answer=answer)
    if error in SIGNED_OUT:
        return NeedsPerson(
            N_(
                "Slack does not accept the token (%(error)s); install the app again and copy its new token.",
                error=error,
            )
        )
    if error == "missing_scope":
        needed = words(answer.get("needed"))
        return NeedsPerson(
            N_(
                "The app lacks the scope %(needed)s for %(method)s; add it and install the app again.",
                needed=needed,
                method=method,
            )
        )
    if error in PASSES:
        return Passing(N_("Slack is in trouble (%(error)s).", error=error))
    kind: type[ConnectorError] = Gone if error in NOT_THERE else Refused
    return kind(N_("Slack refused %(method)s: %(error)s.", method=method, error=error), answer=answer)
