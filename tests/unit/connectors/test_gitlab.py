"""GitLab: comments below issues, none lost where a walk is cut off, what a team says among itself, and commands as words."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from inbox.connectors import gitlab_read
from inbox.connectors.contract import Act, ActName, Batch, IncomingMessage, NeedsPerson, Refused, Visibility
from inbox.connectors.gitlab import GitLabSetup
from tests.contract.stage import recording
from tests.contract.stage_gitlab import ISSUES, PROJECT, GitLabStage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> GitLabStage:
    return GitLabStage(monkeypatch)


def messages(batches: list[Batch]) -> dict[str, IncomingMessage]:
    return {message.external_id: message for batch in batches for message in batch.messages}


def note(stage: GitLabStage, number: int, name: int, at: str, **more: Any) -> None:
    """Somebody comments on an issue, which changes by that."""
    said = {**recording("gitlab/note.json"), "id": name, "body": f"Nummer {name}", "author": stage.items[0]["author"]}
    written = {**said, "created_at": at, "updated_at": at, **more}
    stage.notes[number] = [written, *stage.notes.get(number, [])]
    issue = next(each for each in stage.items if each["iid"] == number)
    issue["updated_at"] = max(issue["updated_at"], written["updated_at"])


def act(name: ActName, **changes: Any) -> Act:
    return replace(Act("k", name, "issue:11", "24", {"issue": 11, "url": ""}, "spam"), **changes)


def sees(stage: GitLabStage, level: int | None) -> None:
    """The token has this role in the project."""
    access = {"project_access": {"access_level": level} if level else None, "group_access": None}
    body = {**recording("gitlab/project.json"), "permissions": access}
    stage.upset, stage.upset_where = (lambda _r: httpx.Response(200, json=body)), lambda r: r.url.path == PROJECT
    stage.checked()


def test_a_comment_stands_below_its_issue(stage: GitLabStage) -> None:
    note(stage, 13, 601, "2026-11-20T13:00:00.000Z")
    message = messages(stage.brought())["note:601"]
    assert (message.thread_id, message.parent_id, message.subject) == ("issue:13", "issue:13", "Erinnerung doppelt")
    assert message.url.endswith("/issues/13#note_601")
    assert message.edited_at is None


def test_a_later_poll_brings_only_what_was_written_since(stage: GitLabStage) -> None:
    note(stage, 13, 601, "2026-11-20T13:00:00.000Z")
    note(stage, 15, 600, "2026-11-20T14:00:00.000Z")
    cursor = stage.brought()[-1].cursor
    note(stage, 13, 602, "2026-11-20T16:00:00.000Z")
    found = messages(stage.brought(cursor))
    assert set(found) == {"issue:13", "note:602"}


def test_old_comments_of_issues_that_a_cut_off_walk_had_not_reached_are_read(
    stage: GitLabStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitlab_read, "PAGE", 2)
    note(stage, 15, 601, "2026-11-20T09:00:00.000Z")
    walk = stage.connector().poll("issues", None, None)
    kept = [next(walk)]
    walk.close()  # type: ignore[attr-defined]
    kept += stage.brought(kept[-1].cursor)
    assert "note:601" in messages(kept)
    assert sum(batch.fetched for batch in stage.brought(kept[-1].cursor)) == 0


def test_a_new_comment_brings_its_old_issue_along(stage: GitLabStage) -> None:
    note(stage, 11, 601, "2026-11-20T13:00:00.000Z")
    since = datetime(2026, 11, 20, 11, 45, tzinfo=UTC)
    assert set(messages(stage.brought(since=since))) == {"issue:15", "issue:11", "note:601"}


@pytest.mark.parametrize("secret", [{"system": True}, {"internal": True}, {"confidential": True}])
def test_what_a_team_says_among_itself_is_no_message(stage: GitLabStage, secret: dict[str, bool]) -> None:
    note(stage, 13, 601, "2026-11-20T13:00:00.000Z", **secret)
    batches = stage.brought()
    assert "note:601" not in messages(batches)
    assert sum(batch.filtered for batch in batches) == 1


def test_what_only_the_team_may_see_is_not_public(stage: GitLabStage) -> None:
    stage.items[2]["confidential"] = True
    note(stage, 13, 601, "2026-11-20T13:00:00.000Z")
    found = messages(stage.brought())
    assert {found[name].visibility for name in ("issue:13", "note:601")} == {Visibility.PRIVATE}
    assert found["issue:15"].visibility is Visibility.PUBLIC


def test_edited_and_deleted_comments_are_told(stage: GitLabStage) -> None:
    note(stage, 13, 601, "2026-11-20T13:00:00.000Z")
    note(stage, 13, 602, "2026-11-20T13:01:00.000Z")
    cursor = stage.brought()[-1].cursor
    edited = {**stage.notes[13][1], "body": "Anders", "updated_at": "2026-11-20T15:00:00.000Z"}
    stage.notes[13] = [edited]
    with stage.later():
        batches = stage.brought(cursor)
    message = messages(batches)["note:601"]
    assert (message.text, message.subject) == ("Anders", "Erinnerung doppelt")
    assert message.edited_at is not None
    assert [deletion.external_id for batch in batches for deletion in batch.deletions] == ["note:602"]


def test_a_token_that_lost_the_project_does_not_take_everything_for_deleted(stage: GitLabStage) -> None:
    known = stage.known(stage.brought())
    stage.upset = lambda _request: httpx.Response(404, json={"message": "404 Project Not Found"})
    stage.upset_where = lambda request: request.url.path.startswith(PROJECT)
    with pytest.raises(NeedsPerson, match="project"):
        stage.connector().refetch(known)


def test_an_issue_that_vanishes_while_it_is_read_keeps_nobody_waiting(stage: GitLabStage) -> None:
    stage.upset = lambda _request: httpx.Response(404, json={"message": "404 Not found"})
    stage.upset_where = lambda request: request.url.path == f"{ISSUES}/13/notes"
    assert len(messages(stage.brought())) == 5


def test_commands_and_markup_are_words(stage: GitLabStage) -> None:
    reply = stage.reply_to(messages(stage.brought())["issue:11"], "Bitte:\n/close\n  /assign @lena\n*wichtig* a/b")
    receipt = stage.connector().send(reply)
    body = json.loads(stage.requests[-1].content)["body"]
    assert body == "Bitte:\n\\/close\n  \\/assign @lena\n\\*wichtig\\* a/b"
    assert stage.connector().find_sent(reply) == receipt
    assert receipt.url == "https://gitlab.garten.example/brand/app/-/issues/11#note_5001"


def test_an_answer_to_a_comment_is_written_below_its_issue(stage: GitLabStage) -> None:
    note(stage, 13, 601, "2026-11-20T13:00:00.000Z")
    stage.connector().send(stage.reply_to(messages(stage.brought())["note:601"]))
    assert stage.requests[-1].url.path == f"{ISSUES}/13/notes"


@pytest.mark.parametrize(
    ("level", "acts"),
    [
        (50, {ActName.DELETE, ActName.LOCK, ActName.LIKE}),
        (20, {ActName.LOCK, ActName.LIKE}),
        (10, {ActName.LIKE}),
        (None, {ActName.DELETE, ActName.LOCK, ActName.LIKE}),
    ],
)
def test_what_the_role_does_not_allow_is_not_offered(stage: GitLabStage, level: int | None, acts: set[ActName]) -> None:
    sees(stage, level)
    told = stage.connector().describe()
    assert told.acts == acts
    assert all("role" in told.because[name] for name in stage.connector().capabilities.acts - acts)


def test_a_right_that_is_missing_concerns_the_act_and_not_the_connection(stage: GitLabStage) -> None:
    stage.upset = lambda _request: httpx.Response(403, json={"message": "403 Forbidden"})
    stage.upset_where = lambda request: request.method == "DELETE"
    with pytest.raises(Refused):
        stage.connector().act(act(ActName.DELETE))


def test_a_comment_and_its_issue_are_deleted_each_by_its_own_address(stage: GitLabStage) -> None:
    note(stage, 11, 601, "2026-11-20T13:00:00.000Z")
    for handle, path in (({"issue": 11}, f"{ISSUES}/11"), ({"issue": 11, "note": 601}, f"{ISSUES}/11/notes/601")):
        stage.connector().act(act(ActName.DELETE, handle=handle))
        assert (stage.requests[-1].method, stage.requests[-1].url.path) == ("DELETE", path)


def test_switched_off_issues_are_told(stage: GitLabStage) -> None:
    body = {**recording("gitlab/project.json"), "issues_access_level": "disabled"}
    stage.upset, stage.upset_where = (lambda _r: httpx.Response(200, json=body)), lambda r: r.url.path == PROJECT
    with pytest.raises(NeedsPerson, match="switched off"):
        stage.checked()


def test_the_project_is_one_part_of_the_address(stage: GitLabStage) -> None:
    stage.checked()
    assert stage.requests[1].url.raw_path == b"/api/v4/projects/brand%2Fapp"


@pytest.mark.parametrize("project", ["app", "../../users", "brand/app?x=1", "brand//app"])
def test_what_is_no_project_is_refused(project: str) -> None:
    with pytest.raises(ValidationError):
        GitLabSetup.model_validate({"project": project, "token": "x"})
