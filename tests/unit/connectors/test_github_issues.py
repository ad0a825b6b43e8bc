"""Ideas as GitHub issues: what is sent, what is read back, and every way it can fail."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from pydantic import ValidationError

from inbox.clock import now
from inbox.connectors.contract import (
    ConnectorError,
    Gone,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    RateLimited,
    Refused,
    Surroundings,
)
from inbox.connectors.github_body import BODY_LIMIT, mere_words, write_body
from inbox.connectors.github_issues import GitHubIssues, GitHubSetup
from inbox.connectors.tracker_contract import IdeaCard
from inbox.trackers.open import NoMemory

RECORDINGS = Path(__file__).parents[2] / "recordings" / "github"
API = "https://api.github.com"
ISSUES = f"{API}/repos/garden/app/issues"
CARD = IdeaCard(
    key="idea-12-tracker-3",
    title="Dark mode",
    summary="For people who read at night.",
    back_url="https://trellis.example/ideas/12",
    team="Reading",
    people=2,
    quotes=(("My eyes hurt, @gardener, see #7", "Ada", "https://forum.example/1"), ("dark please", "", "")),
)


def recorded(name: str, **changes: Any) -> dict[str, Any]:
    return {**json.loads((RECORDINGS / f"{name}.json").read_text()), **changes}


def opened(**settings: Any) -> GitHubIssues:
    setup = GitHubSetup(**{"repository": "garden/app", "token": "github_pat_secret", **settings})
    return GitHubIssues(setup, Surroundings(NoMemory(), allow_private_addresses=True))


@pytest.fixture
def github() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{API}/user").respond(json=recorded("user"))
        yield router


# ── creating ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_idea_becomes_an_issue_with_quotes_labels_and_the_way_back(github: respx.MockRouter) -> None:
    route = github.post(ISSUES).respond(201, json=recorded("issue_created"))
    receipt = opened(labels="idea, from community,").create(CARD)
    assert (receipt.external_id, receipt.url) == ("42", "https://github.com/garden/app/issues/42")
    sent = json.loads(route.calls.last.request.content)
    assert (sent["title"], sent["labels"]) == ("Dark mode", ["idea", "from community"])
    for words in ("For people who read at night.", "2 people ask for this", "> dark please", "https://forum.example/1"):
        assert words in sent["body"]
    assert "(<https://trellis.example/ideas/12>)" in sent["body"]
    assert "<!-- trellis:idea-12-tracker-3:" in sent["body"]
    assert route.calls.last.request.headers["Authorization"] == "Bearer github_pat_secret"


def test_the_issue_is_written_in_the_language_of_the_idea() -> None:
    card = IdeaCard("k", "Dunkles Design", "", "https://t.example/ideas/1", "Lesen", "de", 1)
    body = write_body(card)
    assert "Eine Person wünscht sich das." in body
    assert "Für Lesen" in body


def test_a_strangers_words_call_nobody_and_hide_nothing() -> None:
    hostile = "@octocat #12 <!-- trellis:x --> ![x](https://spy.example/p.png) `rm` <script> https://github.com/a/b/issues/1\n# Big"
    shown = mere_words(hostile)
    assert "@octocat" not in shown
    assert "#12" not in shown
    assert "<!--" not in shown.replace("\\<", "")
    assert "![" not in shown.replace("\\!", "").replace("\\[", "")
    assert "https://" not in shown
    assert mere_words("1. one").startswith("1\\.")
    assert mere_words("- one").startswith("\\-")


def test_a_quote_of_several_lines_stays_within_its_quote() -> None:
    card = IdeaCard(
        "k", "t", "", "https://t.example/ideas/1", "", "en", 1, (("one\n\nthree", "A\n# x", "javascript:x"),)
    )
    body = write_body(card)
    quoted = body[body.index("> one") : body.index("[This idea")].strip().splitlines()
    assert all(line.startswith(">") for line in quoted[:4])
    assert "javascript" not in body


def test_a_huge_idea_fits_into_an_issue(github: respx.MockRouter) -> None:
    route = github.post(ISSUES).respond(201, json=recorded("issue_created"))
    card = IdeaCard(
        "k" * 100, "t" * 5_000, "s" * 500_000, "https://t.example/ideas/1", "x", quotes=[("q" * 90_000, "a", "")] * 50
    )
    opened().create(card)
    sent = json.loads(route.calls.last.request.content)
    assert len(sent["title"]) <= 256
    assert len(sent["body"]) <= BODY_LIMIT + 1_000 < 65_536
    assert "https://t.example/ideas/1" in sent["body"]
    assert "<!-- trellis:" in sent["body"]


@pytest.mark.parametrize(
    ("status", "headers", "message", "error"),
    [
        (401, {}, "Bad credentials", NeedsPerson),
        (403, {}, "Resource not accessible by personal access token", NeedsPerson),
        (404, {}, "Not Found", NeedsPerson),
        (410, {}, "Issues are disabled for this repo", NeedsPerson),
        (301, {"Location": f"{API}/repositories/1/issues"}, "Moved Permanently", NeedsPerson),
        (307, {"Location": f"{API}/repositories/1/issues"}, "Moved", NeedsPerson),
        (422, {}, "Validation Failed", Refused),
        (400, {}, "Problems parsing JSON", Refused),
        (403, {"Retry-After": "90"}, "You have exceeded a secondary rate limit", RateLimited),
        (403, {}, "You have exceeded a secondary rate limit", RateLimited),
        (
            403,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"},
            "API rate limit exceeded",
            RateLimited,
        ),
        (429, {"Retry-After": "90"}, "slow down", RateLimited),
        (500, {}, "", OutcomeUnknown),
        (502, {}, "", OutcomeUnknown),
        (503, {}, "Service unavailable", OutcomeUnknown),
    ],
)
def test_every_refusal_says_whether_trying_again_makes_sense(
    github: respx.MockRouter, status: int, headers: dict[str, str], message: str, error: type[ConnectorError]
) -> None:
    github.post(ISSUES).respond(status, json={"message": message}, headers=headers)
    with pytest.raises(error) as caught:
        opened().create(CARD)
    assert type(caught.value) is error or issubclass(type(caught.value), error)
    assert isinstance(caught.value, RateLimited) == (error is RateLimited)
    assert "github_pat_secret" not in str(caught.value)


def test_the_patience_github_asks_for_is_passed_on(github: respx.MockRouter) -> None:
    github.post(ISSUES).respond(403, json={"message": "secondary rate limit"}, headers={"Retry-After": "90"})
    with pytest.raises(RateLimited) as caught:
        opened().create(CARD)
    assert caught.value.retry_after == 90


@pytest.mark.parametrize("answer", [b"<html>proxy</html>", b"[]", b'{"number": "42"}', b"null"])
def test_an_accepted_issue_with_an_unreadable_answer_is_looked_up_later(
    github: respx.MockRouter, answer: bytes
) -> None:
    github.post(ISSUES).respond(201, content=answer)
    with pytest.raises(OutcomeUnknown):
        opened().create(CARD)


def test_a_lost_answer_is_unknown_and_a_refused_connection_is_not(github: respx.MockRouter) -> None:
    github.post(ISSUES).mock(side_effect=httpx.ReadTimeout("slow"))
    with pytest.raises(OutcomeUnknown):
        opened().create(CARD)
    github.post(ISSUES).mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(Passing):
        opened().create(CARD)


# ── finding again ────────────────────────────────────────────────────────────────────────────────────────────────────


def created_issue(github: respx.MockRouter, card: IdeaCard = CARD) -> dict[str, Any]:
    route = github.post(ISSUES).respond(201, json=recorded("issue_created"))
    opened().create(card)
    return recorded("issue_created", body=json.loads(route.calls.last.request.content)["body"])


def test_an_issue_of_a_lost_attempt_is_found_by_its_mark(github: respx.MockRouter) -> None:
    issue = created_issue(github)
    route = github.get(ISSUES).respond(json=[recorded("issue_by_ghost"), issue])
    found = opened().find_created(CARD)
    assert found is not None
    assert found.external_id == "42"
    assert route.calls.last.request.url.params["creator"] == "gardener"
    assert route.calls.last.request.url.params["state"] == "all"


def test_another_ideas_issue_or_another_houses_is_not_taken_for_it(github: respx.MockRouter) -> None:
    other_house = IdeaCard(CARD.key, CARD.title, "", "https://other.example/ideas/12", "")
    longer_key = IdeaCard(CARD.key + "1", CARD.title, "", CARD.back_url, "")
    for other in (other_house, longer_key):
        issue = created_issue(github, other)
        github.get(ISSUES).respond(json=[issue])
        assert opened().find_created(CARD) is None


def test_a_pull_request_with_the_mark_is_not_the_issue(github: respx.MockRouter) -> None:
    issue = created_issue(github)
    github.get(ISSUES).respond(json=[{**issue, "pull_request": {}}])
    assert opened().find_created(CARD) is None


def test_the_look_goes_back_page_by_page_and_ends_at_old_issues(github: respx.MockRouter) -> None:
    recent = [recorded("issue_by_ghost") | {"created_at": now().isoformat()}] * 100
    old = [recorded("issue_closed_long_ago")] * 100
    route = github.get(ISSUES).mock(side_effect=[httpx.Response(200, json=recent), httpx.Response(200, json=old)])
    assert opened().find_created(CARD) is None
    assert route.call_count == 2


def test_a_flood_of_new_issues_leaves_it_open_whether_ours_is_there(github: respx.MockRouter) -> None:
    recent = [recorded("issue_by_ghost") | {"created_at": (now() - timedelta(days=1)).isoformat()}] * 100
    github.get(ISSUES).respond(json=recent)
    with pytest.raises(OutcomeUnknown):
        opened().find_created(CARD)


def test_tokens_of_apps_look_through_everybodys_issues(github: respx.MockRouter) -> None:
    github.get(f"{API}/user").respond(403, json={"message": "Resource not accessible by integration"})
    issue = created_issue(github)
    route = github.get(ISSUES).respond(json=[issue])
    assert opened().find_created(CARD) is not None
    assert "creator" not in route.calls.last.request.url.params


def test_a_failed_look_decides_nothing(github: respx.MockRouter) -> None:
    github.get(ISSUES).respond(500)
    with pytest.raises(Passing):
        opened().find_created(CARD)
    github.get(ISSUES).respond(json={"message": "odd"})
    with pytest.raises(Passing):
        opened().find_created(CARD)


# ── reading back ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("recording", "state"),
    [
        ("issue_open", "open"),
        ("issue_reopened", "open"),
        ("issue_completed", "done"),
        ("issue_not_planned", "declined"),
        ("issue_duplicate", "declined"),
        ("issue_closed_long_ago", "done"),
    ],
)
def test_how_an_issue_stands(github: respx.MockRouter, recording: str, state: str) -> None:
    github.get(f"{ISSUES}/42").respond(json=recorded(recording))
    read = opened().read("42")
    assert (read.state, read.external_id) == (state, "42")
    assert read.changed_at is not None


def test_a_transferred_issue_is_followed(github: respx.MockRouter) -> None:
    github.get(f"{ISSUES}/42").respond(301, headers={"Location": f"{API}/repositories/5/issues/9"})
    moved = github.get(f"{API}/repositories/5/issues/9").respond(json=recorded("issue_completed", number=9))
    assert opened().read("42").state == "done"
    assert moved.calls.last.request.headers["Authorization"] == "Bearer github_pat_secret"


@pytest.mark.parametrize("status", [404, 410])
def test_a_deleted_issue_is_gone(github: respx.MockRouter, status: int) -> None:
    github.get(f"{ISSUES}/42").respond(status, json={"message": "This issue was deleted"})
    with pytest.raises(Gone):
        opened().read("42")


@pytest.mark.parametrize("external_id", ["", "../../user", "42/comments", "٤٢", "-1"])
def test_an_id_that_is_no_number_is_never_asked_for(github: respx.MockRouter, external_id: str) -> None:
    with pytest.raises(Gone):
        opened().read(external_id)
    assert not github.calls


@pytest.mark.parametrize("answer", [[], {}, {"state": "odd"}, {"state": 1}, None])
def test_an_odd_answer_is_a_blip(github: respx.MockRouter, answer: Any) -> None:
    github.get(f"{ISSUES}/42").respond(json=answer)
    with pytest.raises(Passing):
        opened().read("42")


# ── connecting ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_check_shows_the_repository_and_its_newest_issues(github: respx.MockRouter) -> None:
    github.get(f"{API}/repos/garden/app").respond(
        json={"id": 5, "full_name": "garden/app", "html_url": "https://github.com/garden/app", "has_issues": True}
    )
    github.get(ISSUES).respond(json=[recorded("issue_by_ghost"), recorded("issue_open"), None])
    account = opened().check()
    assert (account.name, account.url) == ("garden/app", "https://github.com/garden/app")
    assert [message.text for message in account.latest] == ["From somebody who left", "Dark mode"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"message": "Not Found"}),
        (200, {"has_issues": False}),
        (200, {"archived": True}),
        (401, {"message": "Bad credentials"}),
        (200, []),
    ],
)
def test_a_repository_that_takes_no_issues_needs_a_person(github: respx.MockRouter, status: int, body: Any) -> None:
    github.get(f"{API}/repos/garden/app").respond(status, json=body)
    with pytest.raises(NeedsPerson):
        opened().check()


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("garden/app", "garden/app"),
        (" garden/app ", "garden/app"),
        ("https://github.com/garden/app", "garden/app"),
        ("https://github.com/garden/app.git", "garden/app"),
    ],
)
def test_repositories_are_understood_as_people_paste_them(given: str, understood: str) -> None:
    assert GitHubSetup(repository=given, token="t").repository == understood


@pytest.mark.parametrize(
    "wrong",
    [
        {"repository": ""},
        {"repository": "app"},
        {"repository": "a/b/c"},
        {"repository": "../x"},
        {"repository": "a b/c"},
        {"token": ""},
        {"api_url": "ftp://x"},
        {"api_url": "https://user@host"},
        {"api_url": "javascript:x"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        GitHubSetup(**{"repository": "garden/app", "token": "t", **wrong})


def test_an_own_server_is_asked_at_its_own_address() -> None:
    with respx.mock() as router:
        route = router.get("https://git.garden.example/api/v3/repos/garden/app/issues/1").respond(
            json=recorded("issue_open")
        )
        opened(api_url="https://git.garden.example/api/v3/").read("1")
    assert route.called
