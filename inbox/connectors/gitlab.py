"""GitLab, on gitlab.com or a server of one's own: issues of a project and what people write below them in; answers out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field, field_validator

from inbox.connectors.believed import believed
from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
    Gone,
    Group,
    Guide,
    IncomingMessage,
    Known,
    Metric,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
)
from inbox.connectors.gitlab_read import VERSION, message_of_issue, message_of_note, poll_issues, read_placed
from inbox.connectors.handles import number_in
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, listed, mapping, text_of
from inbox.connectors.lenient import whole_number, words
from inbox.connectors.markdown_words import as_markdown
from inbox.connectors.one_word import AccessToken
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import UNREADABLE, read_each, read_in_place
from inbox.connectors.server_address import ServerAddress

LIMIT = 1_000_000
REPORTER, MAINTAINER = 20, 40


class GitLabSetup(Setup):
    """A project, and a token that may answer there."""

    server: ServerAddress = Field("https://gitlab.com", title=N_("Server"), max_length=300)
    project: str = Field(title=N_("Project"), description=N_("For example group/app."), min_length=3, max_length=300)
    token: AccessToken = Field(
        title=N_("Access token"), description=N_("A project access token with the scope api; its name answers.")
    )

    @field_validator("project")
    @classmethod
    def a_path(cls, value: str) -> str:
        path = value.strip("/")
        if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)+|\d+", path):
            raise ValueError(N_("must be group/project, for example acme/app"))
        return path


class GitLab(ChannelConnector):
    """One project."""

    kind: ClassVar[str] = "gitlab"
    label: ClassVar[str] = "GitLab"
    about: ClassVar[str] = N_("Issues and their comments, also on a server of your own.")
    group: ClassVar[Group] = Group.ISSUES
    setup: ClassVar[type[Setup]] = GitLabSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        acts=frozenset({ActName.DELETE, ActName.LOCK, ActName.LIKE}),
        undoable=frozenset({ActName.LOCK, ActName.LIKE}),
        text_limit=LIMIT,
        refetches=20,
        metrics=frozenset({Metric.LIKES, Metric.REPLIES}),
        because={
            ActName.HIDE: N_("GitLab cannot hide comments; delete them instead."),
            ActName.BLOCK: N_("Only admins of the whole server can block people."),
            ActName.BAN: N_("Only admins of the whole server can ban people."),
            ActName.MUTE: N_("GitLab cannot mute people."),
            ActName.REPORT: N_("GitLab takes reports on its own pages only."),
            ActName.MARK_SPAM: N_("Only admins of the whole server can mark spam."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_(
                "In the project: Settings, Access tokens, Add new token; role Maintainer (Reporter can only answer), scope api."
            ),
            N_("Choose an end date (at most a year away) and copy the token; it is shown once."),
        ),
        gate=N_("None. Tokens end after a year at the latest."),
        page="https://docs.gitlab.com/user/project/settings/project_access_tokens/",
    )

    def check(self) -> Account:
        """Ask who the token is, and what it may do in the project."""
        with self._open() as api:
            me, project = mapping(api.get("/user")), mapping(api.get(self._project))
            newest = listed(api.get(f"{self._project}/issues", {"per_page": 3, "scope": "all"}))
        if not me.get("id") or not project.get("id"):
            raise Passing(N_("GitLab does not say whose token this is."))
        if project.get("issues_access_level") == "disabled":
            raise NeedsPerson(N_("Issues are switched off in this project; switch them on there."))
        allowed = mapping(project.get("permissions"))
        levels = [mapping(allowed.get(name)).get("access_level") for name in ("project_access", "group_access")]
        # Whoever administers the server stands in no project.
        level = max((number for number in levels if isinstance(number, int)), default=MAINTAINER)
        memory = self.surroundings.memory
        memory.save({**memory.load(), "our_id": me["id"], "level": level})
        latest = read_each(newest, lambda issue: [message_of_issue(issue, our_id=me["id"])]).messages
        return Account(
            words(project.get("name_with_namespace")), f"{project['id']}", words(project.get("web_url")), latest
        )

    def describe(self) -> Capabilities:
        """Without what the token's role does not allow."""
        level = self.surroundings.memory.load().get("level", MAINTAINER)
        if level >= MAINTAINER:
            return self.capabilities
        declared = self.capabilities
        missing = {ActName.DELETE, *({ActName.LOCK} if level < REPORTER else ())}
        role = N_("The token's role in the project does not allow this.")
        return replace(
            declared,
            acts=declared.acts - missing,
            undoable=declared.undoable - missing,
            because={**declared.because, **dict.fromkeys(missing, role)},
        )

    def streams(self) -> Sequence[StreamSpec]:
        """Issues that changed, with what was written below them."""
        return (StreamSpec("issues", every=120),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Changed issues, oldest change first, each with its new comments."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            yield from poll_issues(api, self._project, self._us(api), known, since, partial(believed, self))

    def refetch(self, known: Sequence[Known]) -> Batch:
        """One by one."""
        messages: list[IncomingMessage] = []
        gone: list[Deletion] = []
        with self._open() as api:
            our_id = self._us(api)
            for each in known:
                if not isinstance(each.handle.get("issue"), int):
                    continue
                try:
                    raw = mapping(api.get(self._path(each.handle)))
                    note, issue = each.handle.get("note"), _issue_of(each.handle)
                    messages.append(
                        message_of_note(raw, issue, our_id=our_id) if note else message_of_issue(raw, our_id=our_id)
                    )
                except Gone as error:
                    if "Project" in text_of(error.answer.get("message")):
                        raise NeedsPerson(N_("GitLab does not show the project to this token any more.")) from None
                    gone.append(Deletion(each.external_id))
                except UNREADABLE:
                    continue
        return Batch(messages, gone)

    def reread(self, raw: str) -> Batch:
        """An issue, or a comment, with which its issue was kept."""
        our_id = whole_number(self.surroundings.memory.load().get("our_id"))
        return read_in_place(raw, partial(read_placed, our_id=our_id))

    def length(self, text: str) -> int:
        """In characters, with those that keep signs from being markup."""
        return len(_as_text(text))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer below the issue. A line that begins with a slash would be a command to GitLab; here it is text."""
        self.validate(reply)
        with self._open() as api:
            sent = mapping(
                self._allowed(api, "POST", f"{self._issue(reply.parent_handle)}/notes", {"body": _as_text(reply.text)})
            )
        if not sent.get("id"):
            raise OutcomeUnknown(N_("GitLab does not say what became of the answer; it may have been accepted."))
        address = words(reply.parent_handle.get("url"))
        return Receipt(f"note:{sent['id']}", f"{address}#note_{sent['id']}" if address else "")

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look at the end of the issue for our own words."""
        with self._open() as api:
            our_id = self._us(api)
            query = {"sort": "desc", "order_by": "created_at", "per_page": 100}
            notes = listed(api.get(f"{self._issue(reply.parent_handle)}/notes", query))
        issue = _issue_of(reply.parent_handle)
        for message in read_each(notes, lambda raw: [message_of_note(raw, issue, our_id=our_id)]).messages:
            if is_our_answer(message, reply):
                return Receipt(message.external_id, message.url)
        return None

    def act(self, act: Act) -> Receipt:
        """Delete a comment or an issue, lock an issue, or like."""
        with self._open() as api:
            if act.name is ActName.DELETE and not act.undo:
                try:
                    self._allowed(api, "DELETE", self._path(act.handle))
                except Gone:
                    pass  # somebody was quicker
            elif act.name is ActName.LOCK:
                self._allowed(api, "PUT", self._issue(act.handle), {"discussion_locked": not act.undo})
            elif act.name is ActName.LIKE:
                path = f"{self._path(act.handle)}/award_emoji"
                if act.undo:
                    self._take_back(api, path)
                else:
                    try:
                        self._allowed(api, "POST", path, {"name": "thumbsup"})
                    except Gone as error:
                        # GitLab says "not found" also where it has been given already.
                        if "taken" not in str(error):
                            raise
            else:
                return super().act(act)
        return Receipt(act.message_id)

    def _take_back(self, api: JsonApi, path: str) -> None:
        our_id = self._us(api)
        for award in listed(api.get(path, {"per_page": 100})):
            given = mapping(award)
            if given.get("name") == "thumbsup" and mapping(given.get("user")).get("id") == our_id:
                self._allowed(api, "DELETE", f"{path}/{int(given['id'])}")

    @staticmethod
    def _allowed(api: JsonApi, method: str, path: str, body: Any = None) -> Any:
        """A change; a missing right concerns this very thing, not the connection."""
        try:
            return api.change(method, path, body)
        except Forbidden as error:
            raise Refused(error.sentence) from None

    def _us(self, api: JsonApi) -> int:
        memory = self.surroundings.memory
        if not memory.load().get("our_id"):
            memory.save({**memory.load(), "our_id": mapping(api.get("/user")).get("id")})
        our_id = memory.load()["our_id"]
        if not isinstance(our_id, int):
            raise Passing(N_("GitLab does not say whose token this is."))
        return our_id

    @property
    def _project(self) -> str:
        return f"/projects/{quote(self.settings.project, safe='')}"

    def _issue(self, handle: Mapping[str, Any]) -> str:
        return f"{self._project}/issues/{number_in(handle, 'issue')}"

    def _path(self, handle: Mapping[str, Any]) -> str:
        note = handle.get("note")
        return f"{self._issue(handle)}/notes/{int(text_of(note))}" if note else self._issue(handle)

    def _open(self) -> JsonApi:
        token = self.settings.token.get_secret_value()
        return JsonApi(self.surroundings, f"{self.settings.server}/api/v4", {"PRIVATE-TOKEN": token})


def _issue_of(handle: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a comment's handle knows of its issue."""
    known = {"title": "title", "web_url": "url", "confidential": "confidential"}
    return {"iid": handle.get("issue"), **{name: handle.get(kept) for name, kept in known.items()}}


def _as_text(text: str) -> str:
    return re.sub(r"(?m)^(\s*)/(?=\w)", r"\1\\/", as_markdown(text))
