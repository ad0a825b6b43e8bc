"""Ideas as issues of a GitHub repository, on github.com or an own GitHub server."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import httpx
from pydantic import Field, field_validator

from inbox.clock import now
from inbox.connectors.contract import (
    N_,
    Account,
    Author,
    Gone,
    IncomingMessage,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    Receipt,
    Setup,
    Surroundings,
)
from inbox.connectors.github_api import api_address, headers_with, notice_patience, patiently, repository_name
from inbox.connectors.github_body import TITLE_LIMIT, write_body
from inbox.connectors.http import Forbidden, fetch, open_client, read_json, submit
from inbox.connectors.lenient import dicts, is_before, moment
from inbox.connectors.one_word import AccessToken
from inbox.connectors.tracker_contract import IdeaCard, TicketState
from inbox.text import one_line

PAGE = 100
PAGES = 10
# What was created by a lost attempt is minutes old; older issues need not be looked through.
LOOK_BACK = timedelta(days=30)
DECLINED = {"not_planned", "duplicate"}


class GitHubSetup(Setup):
    """Which repository, and with whose token."""

    repository: str = Field(
        title=N_("Repository"), description=N_("Owner and name, for example acme/app."), max_length=300
    )
    token: AccessToken = Field(
        title=N_("Access token"),
        description=N_("A fine-grained token for this repository that may read and write issues."),
        min_length=1,
        max_length=500,
    )
    labels: str = Field(
        "", title=N_("Labels"), description=N_("Put on every issue; separate them with commas."), max_length=500
    )
    api_url: str = Field(
        "https://api.github.com",
        title=N_("API address"),
        description=N_("Only for an own GitHub server: https://HOST/api/v3."),
        max_length=300,
    )

    @field_validator("repository")
    @classmethod
    def _owner_and_name(cls, value: str) -> str:
        return repository_name(value)

    @field_validator("api_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        return api_address(value)


class GitHubIssues:
    """One repository."""

    kind: ClassVar[str] = "github"
    label: ClassVar[str] = N_("GitHub issues")
    setup: ClassVar[type[Setup]] = GitHubSetup
    reads_state: ClassVar[bool] = True

    def __init__(self, settings: GitHubSetup, surroundings: Surroundings) -> None:
        self.settings = settings
        self.surroundings = surroundings
        self.issues = f"/repos/{settings.repository}/issues"

    def check(self) -> Account:
        """The repository and its three newest issues. Raises ConnectorError."""
        with self._client() as client, patiently():
            repository = self._repository(client)
            if not repository.get("has_issues", True):
                raise NeedsPerson(
                    N_(
                        "Issues are switched off in %(repository)s; switch them on there.",
                        repository=self.settings.repository,
                    )
                )
            if repository.get("archived"):
                raise NeedsPerson(
                    N_("%(repository)s is archived; choose another repository.", repository=self.settings.repository)
                )
            query = {"state": "all", "sort": "created", "direction": "desc", "per_page": 3}
            newest = read_json(fetch(client, "GET", self.issues, params=query))
        return Account(
            name=str(repository.get("full_name") or self.settings.repository),
            external_id=str(repository.get("id", "")),
            url=str(repository.get("html_url") or ""),
            latest=tuple(_as_message(issue) for issue in dicts(newest)[:3]),
        )

    def create(self, card: IdeaCard) -> Receipt:
        """One new issue. Raises OutcomeUnknown when it may have been created, else another ConnectorError."""
        labels = [label.strip() for label in self.settings.labels.split(",") if label.strip()]
        issue: dict[str, Any] = {
            "title": one_line(card.title, TITLE_LIMIT),
            "body": f"{write_body(card)}\n\n{_marker(card)}",
        }
        if labels:
            issue["labels"] = labels
        with self._client() as client, patiently():
            try:
                response = submit(client, "POST", self.issues, json=issue)
            except Gone as error:
                raise NeedsPerson(
                    N_(
                        "%(repository)s takes no issues: it is not there, the token may not see it, or issues are switched off. (%(error)s)",
                        repository=self.settings.repository,
                        error=error,
                    )
                ) from error
        try:
            return _receipt(read_json(response))
        except (Passing, ValueError) as error:
            raise OutcomeUnknown(N_("GitHub took the issue but did not say which number it got.")) from error

    def find_created(self, card: IdeaCard) -> Receipt | None:
        """The issue that carries this card's mark; None when surely there is none. Raises when it cannot be told."""
        query: dict[str, str | int] = {"state": "all", "sort": "created", "direction": "desc", "per_page": PAGE}
        with self._client() as client, patiently():
            # The search index lags behind by minutes, so the plain list is read.
            creator = self._login(client)
            if creator:
                query["creator"] = creator
            for page in range(1, PAGES + 1):
                listed = read_json(fetch(client, "GET", self.issues, params={**query, "page": page}))
                if not isinstance(listed, list):
                    raise Passing(N_("GitHub answered something that is not a list of issues."))
                issues = dicts(listed)
                for issue in issues:
                    if _marker(card) in str(issue.get("body") or "") and "pull_request" not in issue:
                        return _receipt(issue)
                if len(listed) < PAGE or _is_old(issues):
                    return None
        raise OutcomeUnknown(N_("There are too many new issues to tell whether this one is among them."))

    def read(self, external_id: str) -> TicketState:
        """How the issue stands. Raises Gone when it was deleted."""
        if not external_id.isascii() or not external_id.isdigit():
            raise Gone(N_("%(name)s is not the number of an issue.", name=external_id[:40]))
        with self._client() as client, patiently():
            issue = read_json(fetch(client, "GET", f"{self.issues}/{external_id}"))
        if not isinstance(issue, dict) or issue.get("state") not in {"open", "closed"}:
            raise Passing(N_("GitHub answered something that is not an issue."))
        state = "open" if issue["state"] == "open" else "declined" if issue.get("state_reason") in DECLINED else "done"
        return TicketState(
            external_id=external_id,
            state=state,
            title=one_line(str(issue.get("title") or ""), TITLE_LIMIT),
            url=_link(issue.get("html_url")),
            changed_at=moment(issue.get("closed_at")) or moment(issue.get("updated_at")),
        )

    def _repository(self, client: httpx.Client) -> dict[str, Any]:
        try:
            found = read_json(fetch(client, "GET", f"/repos/{self.settings.repository}"))
        except Gone as error:
            raise NeedsPerson(
                N_(
                    "%(repository)s is not there, or the token may not see it; check both.",
                    repository=self.settings.repository,
                )
            ) from error
        if not isinstance(found, dict):
            raise NeedsPerson(
                N_("%(api_url)s does not speak GitHub's API; check the address.", api_url=self.settings.api_url)
            )
        return found

    def _login(self, client: httpx.Client) -> str:
        """Whose token it is; empty for tokens of apps, which are nobody's."""
        try:
            body = read_json(fetch(client, "GET", "/user"))
        except (Forbidden, Gone):
            return ""
        return str(body.get("login") or "") if isinstance(body, dict) else ""

    def _client(self) -> httpx.Client:
        client = open_client(
            allow_private=self.surroundings.allow_private_addresses,
            base_url=self.settings.api_url,
            headers=headers_with(self.settings.token.get_secret_value()),
            timeout_seconds=self.surroundings.timeout_seconds,
        )
        client.event_hooks["response"].append(notice_patience)
        return client


def _marker(card: IdeaCard) -> str:
    # With the address in it, two houses that write into one repository do not take each other's issues for theirs.
    house = hashlib.sha256(f"{card.key} {card.back_url}".encode()).hexdigest()[:16]
    return f"<!-- trellis:{card.key}:{house} -->"


def _receipt(issue: Any) -> Receipt:
    if not isinstance(issue, dict) or not isinstance(issue.get("number"), int):
        raise ValueError(N_("not an issue"))
    return Receipt(external_id=str(issue["number"]), url=_link(issue.get("html_url")))


def _as_message(issue: Mapping[str, Any]) -> IncomingMessage:
    user = issue.get("user") if isinstance(issue.get("user"), dict) else {}
    login = str(user.get("login") or "ghost") if user else "ghost"
    return IncomingMessage(
        external_id=str(issue.get("number", "")),
        thread_id=str(issue.get("number", "")),
        text=one_line(str(issue.get("title") or ""), TITLE_LIMIT),
        posted_at=moment(issue.get("created_at")),
        author=Author(external_id=login, handle=login, name=login),
        url=_link(issue.get("html_url")),
    )


def _is_old(issues: Sequence[Mapping[str, Any]]) -> bool:
    return bool(issues) and is_before(moment(issues[-1].get("created_at")), now() - LOOK_BACK)


def _link(value: Any) -> str:
    return value[:2_000] if isinstance(value, str) and value.startswith(("https://", "http://")) else ""
