"""Product teams and their trackers, as a browser without scripts sees them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import respx
from sqlalchemy import select

from inbox.config import load_settings
from inbox.connectors.github_issues import GitHubIssues
from inbox.database import Database
from inbox.teams.models import ProductTeam
from inbox.trackers.models import Tracker
from inbox.trackers.open import open_tracker
from inbox.vault import open_vault
from tests.garden import a_team, a_teammate

TOKEN = "github_pat_very_secret"
FORM = {"kind": "github", "name": "App", "repository": "garden/app", "token": TOKEN, "labels": "", "api_url": ""}
REPOSITORY = "https://api.github.com/repos/garden/app"


@pytest.fixture
def team_id(house: Database) -> int:
    with house.writing() as session:
        return a_team(session, "Reading").id


def trackers(house: Database) -> list[Tracker]:
    with house.reading() as session:
        return list(session.scalars(select(Tracker)))


def test_the_first_team_is_made_and_found(client: Any) -> None:
    assert "No product team yet" in client.get("/product-teams").text
    answer = client.post("/product-teams", data={"name": "Reading", "area": "Everything one reads"})
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "Everything one reads" in page
    assert "Nowhere yet" in page
    assert "Reading" in client.get("/product-teams").text


@pytest.mark.parametrize(
    ("name", "words"), [("", "fill this in"), ("reading", "Another team has this name"), ("x" * 201, "At most 200")]
)
def test_a_wrong_name_keeps_the_form(client: Any, team_id: int, name: str, words: str) -> None:
    answer = client.post("/product-teams", data={"name": name, "area": "Not lost"})
    assert answer.status_code == 422
    assert words in answer.text
    assert "Not lost" in answer.text


def test_members_come_and_go(client: Any, house: Database, team_id: int) -> None:
    with house.writing() as session:
        mo_id = a_teammate(session, "Mo").id
    assert (
        "Mo" in client.post(f"/product-teams/{team_id}/members", data={"teammate": mo_id}, follow_redirects=True).text
    )
    with house.reading() as session:
        assert [member.name for member in session.get_one(ProductTeam, team_id).members] == ["Mo"]
    client.post(f"/product-teams/{team_id}/members/{mo_id}/removal")
    with house.reading() as session:
        assert session.get_one(ProductTeam, team_id).members == []
    assert client.post(f"/product-teams/{team_id}/members", data={"teammate": "x"}).status_code == 404


def test_renaming_archiving_and_taking_up_again(client: Any, house: Database, team_id: int) -> None:
    client.post(f"/product-teams/{team_id}", data={"name": "Books", "area": ""})
    page = client.post(f"/product-teams/{team_id}/archiving", follow_redirects=True).text
    assert "1 archived team" in page
    assert f"/product-teams/{team_id}/restoring" in page
    client.post(f"/product-teams/{team_id}/restoring")
    with house.reading() as session:
        team = session.get_one(ProductTeam, team_id)
        assert (team.name, team.archived_at) == ("Books", None)


def test_each_kind_has_a_form_drawn_from_its_settings(client: Any, team_id: int) -> None:
    assert "GitHub issues" in client.get(f"/product-teams/{team_id}/trackers/new").text
    page = client.get(f"/product-teams/{team_id}/trackers/new?kind=github").text
    for words in ("Repository", "Access token", "Labels", 'type="password"', "https://api.github.com"):
        assert words in page
    assert "Secret" in client.get(f"/product-teams/{team_id}/trackers/new?kind=webhook").text


def test_testing_shows_what_is_there_and_saves_nothing(client: Any, house: Database, team_id: int) -> None:
    with respx.mock() as router:
        router.get(REPOSITORY).respond(json={"full_name": "garden/app", "has_issues": True})
        router.get(f"{REPOSITORY}/issues").respond(json=[{"number": 1, "title": "An older issue"}])
        page = client.post(f"/product-teams/{team_id}/trackers/checks", data=FORM).text
    assert "The connection works: garden/app" in page
    assert "An older issue" in page
    assert TOKEN not in page
    assert trackers(house) == []
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert sealed
    client.post(f"/product-teams/{team_id}/trackers", data={**FORM, "token": "", "sealed": sealed[1]})
    connector = open_tracker(trackers(house)[0], open_vault(load_settings()), allow_private_addresses=False)
    assert isinstance(connector, GitHubIssues)
    assert connector.settings.token.get_secret_value() == TOKEN


def test_a_failed_test_says_why(client: Any, house: Database, team_id: int) -> None:
    with respx.mock() as router:
        router.get(REPOSITORY).respond(401, json={"message": "Bad credentials"})
        answer = client.post(f"/product-teams/{team_id}/trackers/checks", data=FORM)
    assert answer.status_code == 422
    assert "Bad credentials" in answer.text
    assert trackers(house) == []


def test_wrong_settings_keep_what_was_typed(client: Any, house: Database, team_id: int) -> None:
    answer = client.post(f"/product-teams/{team_id}/trackers", data={**FORM, "repository": "no such thing"})
    assert answer.status_code == 422
    assert "owner/name" in answer.text
    assert "no such thing" in answer.text
    assert TOKEN not in answer.text
    assert trackers(house) == []


def test_a_connected_tracker_is_edited_without_its_token_and_switched_off(
    client: Any, house: Database, team_id: int
) -> None:
    client.post(f"/product-teams/{team_id}/trackers", data=FORM)
    tracker_id = trackers(house)[0].id
    page = client.get(f"/trackers/{tracker_id}").text
    assert TOKEN not in page
    assert "garden/app" in page
    client.post(f"/trackers/{tracker_id}", data={**FORM, "token": "", "repository": "garden/web", "name": "Web"})
    tracker = trackers(house)[0]
    assert (tracker.name, tracker.settings["repository"]) == ("Web", "garden/web")
    page = client.post(f"/trackers/{tracker_id}/switch", data={"on": "no"}, follow_redirects=True).text
    assert "switched off" in page
    assert trackers(house)[0].is_active is False


def test_a_sealed_form_of_somebody_else_does_not_open(
    sign_in_as: Callable[..., Any], house: Database, team_id: int
) -> None:
    one, other = sign_in_as("admin"), sign_in_as("admin")
    with respx.mock() as router:
        router.get(REPOSITORY).respond(401, json={})
        page = one.post(f"/product-teams/{team_id}/trackers/checks", data=FORM).text
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert sealed
    answer = other.post(f"/product-teams/{team_id}/trackers", data={**FORM, "token": "", "sealed": sealed[1]})
    assert answer.status_code == 422
    assert trackers(house) == []


@pytest.mark.parametrize(
    "path",
    ["/product-teams/99", "/product-teams/99999999999999999999", "/product-teams/99/trackers/new", "/trackers/99"],
)
def test_what_is_not_there_is_not_found(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_unknown_kind_is_not_connected(client: Any, team_id: int) -> None:
    assert client.post(f"/product-teams/{team_id}/trackers", data={"kind": "pigeon"}).status_code == 404


def test_managers_may_look_but_not_change(sign_in_as: Callable[..., Any], team_id: int) -> None:
    browser = sign_in_as("manager")
    page = browser.get(f"/product-teams/{team_id}")
    assert page.status_code == 200
    assert "Connect a tracker" not in page.text
    assert browser.post("/product-teams", data={"name": "x"}).status_code == 403
    assert browser.get(f"/product-teams/{team_id}/trackers/new").status_code == 403
