"""GitHub: issues, pull requests and discussions of a repository in; answers and moderation out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    ChannelConnector,
    Group,
    Guide,
    IncomingMessage,
    Known,
    Metric,
    OutgoingReply,
    Rate,
    Receipt,
    Setup,
    StreamSpec,
)
from inbox.connectors.github_acts import do_act
from inbox.connectors.github_again import asked_again
from inbox.connectors.github_answers import answer, written_since
from inbox.connectors.github_api import GitHubApi, api_address, repository_name
from inbox.connectors.github_discussions import VERSION, poll_discussions
from inbox.connectors.github_read import COMMENT, ISSUE, message_of, read_placed
from inbox.connectors.github_us import whose
from inbox.connectors.github_webhook import delivered
from inbox.connectors.handles import number_in
from inbox.connectors.http import read_json
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.lenient import moment, words
from inbox.connectors.markdown_words import as_markdown
from inbox.connectors.one_word import AccessToken
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import Place, name_of, read_each, read_in_place
from inbox.connectors.signed_body import require_signed
from inbox.connectors.walk_since import Slice, walk_since

PAGE = 100
LIMIT = 65_536
MODERATES = (ActName.HIDE, ActName.MARK_SPAM, ActName.DELETE, ActName.LOCK)


class GitHubChannelSetup(Setup):
    """Which repository, and with whose token."""

    repository: str = Field(
        title=N_("Repository"), description=N_("Owner and name, for example acme/app."), max_length=300
    )
    token: AccessToken = Field(
        title=N_("Access token"),
        description=N_("A fine-grained token for this repository that may read and write issues and discussions."),
        min_length=1,
        max_length=500,
    )
    webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        title=N_("Secret of the webhook"),
        description=N_("Only needed to hear of comments at once instead of within a minute."),
    )
    api_url: str = Field(
        "https://api.github.com",
        title=N_("API address"),
        description=N_("Only for an own GitHub server: https://HOST/api/v3."),
        max_length=300,
    )

    @field_validator("repository")
    @classmethod
    def owner_and_name(cls, value: str) -> str:
        return repository_name(value)

    @field_validator("api_url")
    @classmethod
    def whole_address(cls, value: str) -> str:
        return api_address(value)


class GitHub(ChannelConnector):
    """One repository."""

    kind: ClassVar[str] = "github"
    label: ClassVar[str] = "GitHub"
    about: ClassVar[str] = N_("Issues and discussions of repositories.")
    group: ClassVar[Group] = Group.ISSUES
    setup: ClassVar[type[Setup]] = GitHubChannelSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        replies=True,
        tells_edits=True,
        threads=True,
        acts=frozenset({*MODERATES, ActName.BLOCK, ActName.LIKE}),
        undoable=frozenset({ActName.HIDE, ActName.MARK_SPAM, ActName.LOCK, ActName.BLOCK, ActName.LIKE}),
        text_limit=LIMIT,
        refetches=50,
        metrics=frozenset({Metric.REACTIONS, Metric.REPLIES}),
        because={
            "tells_deletes": N_("GitHub tells of deletions by webhook, or when a message is asked for again."),
            ActName.HOLD: N_("GitHub has no queue of messages that wait for approval."),
            ActName.APPROVE: N_("GitHub has no queue of messages that wait for approval."),
            ActName.MUTE: N_("GitHub cannot mute; block the person instead."),
            ActName.BAN: N_("At GitHub this is called blocking."),
            ActName.REPORT: N_("GitHub takes reports on its website only."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("On GitHub: Settings, Developer settings, Fine-grained tokens, Generate new token."),
            N_("Choose the repository, and the permissions Issues, Pull requests and Discussions: Read and write."),
            N_("To block people, an owner adds the organization permission Blocking users: Read and write."),
            N_(
                "To hear of comments at once: in the repository Settings, Webhooks, with the address that the channel's page "
                "shows, content type application/json, a secret, and the events for issues, comments and discussions."
            ),
        ),
        gate=N_("None. Some organizations approve each token first."),
        page="https://github.com/settings/personal-access-tokens",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(5_000, 3_600), Rate(900, 60), Rate(5_000, 3_600, "graphql"))

    def check(self) -> Account:
        """Look at the repository, whose token it is, and what that may do. Raises ConnectorError."""
        with self._open() as api:
            us = self._us(api, anew=True)
            query = {"state": "all", "sort": "updated", "direction": "desc", "per_page": 3}
            newest = listed(api.get(f"{self._path}/issues", query))
        latest = read_each(newest, lambda raw: self._read(raw, {"kind": ISSUE}, us)).messages
        return Account(us["name"], us["id"], us["url"], latest)

    def describe(self) -> Capabilities:
        """Without what the token's owner may not do in this repository."""
        us = mapping(self.surroundings.memory.load().get("us"))
        declared = self.capabilities
        if us.get("moderates", True):
            return declared
        silent: dict[str, str] = dict.fromkeys(
            (*MODERATES, ActName.BLOCK), N_("The token's owner may only read this repository.")
        )
        return replace(
            declared,
            acts=declared.acts - {*MODERATES, ActName.BLOCK},
            undoable=declared.undoable - {*MODERATES, ActName.BLOCK},
            because={**declared.because, **silent},
        )

    def streams(self) -> Sequence[StreamSpec]:
        """Issues with pull requests, the comments on both, and discussions."""
        return (StreamSpec("comments", 60), StreamSpec("issues", 120), StreamSpec("discussions", 300))

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """What was written or changed. A new comment changes its issue, so that this comes along however old it is."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            us = self._us(api)
            if stream == "discussions":
                yield from poll_discussions(
                    api, self.settings.repository, us["login"], known, since, private=us["private"]
                )
                return
            path, extra = ("issues/comments", {}) if stream == "comments" else ("issues", {"state": "all"})
            place = {"kind": COMMENT if stream == "comments" else ISSUE}

            def page(start: datetime | None, further: str | None) -> Slice[Any]:
                query = {"sort": "updated", "direction": "asc", "per_page": PAGE, "page": further, **extra}
                query["since"] = start.strftime("%Y-%m-%dT%H:%M:%SZ") if start else None
                response = api.read(f"{self._path}/{path}", query)
                found = listed(read_json(response))
                items = [(name_of(raw), moment(mapping(raw).get("updated_at")), raw) for raw in found]
                return Slice(items, f"{int(further or 1) + 1}" if "next" in response.links else None)

            for fresh, state in walk_since(page, known, since):
                harvest = read_each(fresh, lambda raw: self._read(raw, place, us), place)
                yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state})

    def refetch(self, known: Sequence[Known]) -> Batch:
        """All at once, by their ids."""
        with self._open() as api:
            us = self._us(api)
            return asked_again(api, known, us["login"], private=us["private"])

    def reread(self, raw: str) -> Batch:
        """Where it stood was kept with it; whose token it is, when it was asked."""
        us = mapping(self.surroundings.memory.load().get("us"))
        return read_in_place(raw, lambda item, place: self._read(item, place, us))

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """A webhook of the repository: something was opened, written, edited or deleted."""
        secret = self.settings.webhook_secret.get_secret_value()
        require_signed(headers, body, name="X-Hub-Signature-256", secret=secret)
        login = words(mapping(self.surroundings.memory.load().get("us")).get("login"))
        return delivered(headers, body, self.settings.repository, login)

    def length(self, text: str) -> int:
        """Characters, with those that mark signs as signs."""
        return len(as_markdown(text))

    def send(self, reply: OutgoingReply) -> Receipt:
        """A comment on the issue, or in the discussion below what is answered."""
        self.validate(reply)
        with self._open() as api:
            return answer(api, self._path, reply.parent_handle, as_markdown(reply.text))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look for our own words among the comments since the answer was written."""
        handle = reply.parent_handle
        with self._open() as api:
            us, number = self._us(api), number_in(handle, "number")

            def read(pair: Any) -> Sequence[IncomingMessage]:
                raw, kind = pair
                return (message_of(raw, kind, number=number, our_login=us["login"], private=us["private"]),)

            written = read_each(written_since(api, self._path, handle, reply.created_at), read).messages
        found = next((message for message in written if is_our_answer(message, reply)), None)
        return Receipt(found.external_id, found.url) if found else None

    def act(self, act: Act) -> Receipt:
        """Hide, delete or like what was written, lock its thread, or block its author."""
        if act.name not in self.capabilities.acts or (act.undo and act.name not in self.capabilities.undoable):
            return super().act(act)
        with self._open() as api:
            us = self._us(api) if act.name is ActName.BLOCK else {}
            do_act(api, act, organisation=words(us.get("organisation")))
        return Receipt(act.author_id if act.name is ActName.BLOCK else act.message_id)

    def _read(self, raw: Any, place: Place, us: Mapping[str, Any]) -> Sequence[IncomingMessage]:
        return read_placed(raw, place, our_login=us["login"], private=us["private"])

    @property
    def _path(self) -> str:
        return f"/repos/{self.settings.repository}"

    def _us(self, api: GitHubApi, *, anew: bool = False) -> Mapping[str, Any]:
        """Whose token it is and what that may do; remembered until the next check."""
        memory = self.surroundings.memory.load()
        if not anew and mapping(memory.get("us")).get("name") == self.settings.repository:
            return mapping(memory["us"])
        us = whose(api, self.settings.repository)
        self.surroundings.memory.save({**memory, "us": us})
        return us

    def _open(self) -> GitHubApi:
        return GitHubApi(self.settings.api_url, self.settings.token.get_secret_value(), self.surroundings)
