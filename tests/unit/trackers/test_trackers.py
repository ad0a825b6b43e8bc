"""Connecting, editing and opening the places we push ideas to."""

import pytest
from sqlalchemy.orm import Session

from inbox.connectors.contract import NeedsPerson
from inbox.connectors.github_issues import GitHubIssues
from inbox.connectors.webhook_out import WebhookOut
from inbox.setups import BadSetup
from inbox.trackers.browse import browse, find_tracker
from inbox.trackers.connect import connect, edit, kept_settings, read_setup, switch, tracker_kinds
from inbox.trackers.models import Tracker
from inbox.trackers.open import open_tracker, tells_state
from inbox.vault import Vault
from tests.garden import a_team, a_tracker

TOKEN = "github_pat_very_secret"
FORM = {"repository": "garden/app", "token": TOKEN, "labels": "", "api_url": "", "csrf_token": "x", "name": "App"}


@pytest.fixture
def vault() -> Vault:
    return Vault(b"k" * 32)


def connected(session: Session, vault: Vault) -> Tracker:
    return connect(session, vault, a_team(session), "github", "App", read_setup("github", FORM), by=None)


def test_a_connected_tracker_opens_with_its_token(session: Session, vault: Vault) -> None:
    tracker = connected(session, vault)
    connector = open_tracker(tracker, vault, allow_private_addresses=False)
    assert isinstance(connector, GitHubIssues)
    assert connector.settings.token.get_secret_value() == TOKEN
    assert connector.settings.api_url == "https://api.github.com"
    assert connector.surroundings.memory.load() == {}


def test_a_tracker_keeps_its_host_and_where_none_is_named_its_kind(session: Session, vault: Vault) -> None:
    team, tracker = a_team(session, "Mail"), connected(session, vault)
    mail = connect(session, vault, team, "email", "", read_setup("email", {"address": "p@example.org"}), by=None)
    assert (tracker.host, mail.host) == ("api.github.com", "email")
    moved = {**FORM, "token": TOKEN, "api_url": "https://git.example/api/v3"}
    edit(session, vault, tracker, "App", read_setup("github", moved), by=None)
    assert tracker.host == "git.example"


def test_the_token_lies_in_its_row_only_sealed(session: Session, vault: Vault) -> None:
    tracker = connected(session, vault)
    assert TOKEN not in str(tracker.settings)
    assert TOKEN not in str(tracker.sealed)
    assert tracker.sealed


def test_the_sealed_token_of_one_tracker_does_not_open_in_another(session: Session, vault: Vault) -> None:
    tracker = connected(session, vault)
    thief = a_tracker(session, a_team(session, "Thief"), "github", **tracker.settings)
    thief.sealed = tracker.sealed
    with pytest.raises(NeedsPerson):
        open_tracker(thief, vault, allow_private_addresses=False)


def test_editing_without_the_token_keeps_it(session: Session, vault: Vault) -> None:
    tracker = connected(session, vault)
    tracker.last_error = "wrong repository"
    setup = read_setup("github", {**FORM, "repository": "garden/web", "token": ""}, kept=kept_settings(vault, tracker))
    edit(session, vault, tracker, "Web", setup, by=None)
    connector = open_tracker(tracker, vault, allow_private_addresses=False)
    assert isinstance(connector, GitHubIssues)
    assert (connector.settings.repository, connector.settings.token.get_secret_value()) == ("garden/web", TOKEN)
    assert (tracker.name, tracker.last_error) == ("Web", "")


def test_a_cleared_field_that_is_no_secret_goes_back_to_its_default(session: Session, vault: Vault) -> None:
    tracker = connect(
        session, vault, a_team(session), "github", "", read_setup("github", {**FORM, "labels": "idea"}), by=None
    )
    assert tracker.settings["labels"] == "idea"
    assert tracker.name == "GitHub issues"
    edit(session, vault, tracker, "", read_setup("github", FORM, kept=kept_settings(vault, tracker)), by=None)
    assert tracker.settings["labels"] == ""


def test_wrong_settings_are_told_by_field_without_the_secret() -> None:
    with pytest.raises(BadSetup) as caught:
        read_setup("github", {**FORM, "repository": "nonsense"})
    assert set(caught.value.errors) == {"repository"}
    assert TOKEN not in str(caught.value)
    with pytest.raises(BadSetup) as caught:
        read_setup("webhook", {})
    assert set(caught.value.errors) == {"url", "secret"}
    with pytest.raises(KeyError):
        read_setup("pigeon", {})


def test_a_lost_key_asks_for_the_credentials_again(session: Session, vault: Vault) -> None:
    tracker = connected(session, vault)
    other = Vault(b"o" * 32)
    with pytest.raises(NeedsPerson):
        open_tracker(tracker, other, allow_private_addresses=False)
    assert "token" not in kept_settings(other, tracker)


@pytest.mark.parametrize("kind", ["pigeon", "github"])
def test_a_tracker_that_cannot_be_opened_needs_a_person(session: Session, vault: Vault, kind: str) -> None:
    with pytest.raises(NeedsPerson):
        open_tracker(a_tracker(session, a_team(session), kind), vault, allow_private_addresses=False)


def test_a_tracker_switched_off_leaves_the_active_list(session: Session, vault: Vault) -> None:
    tracker = connected(session, vault)
    other = a_tracker(session, a_team(session, "Other"), "webhook")
    team = tracker.product_team_id
    switch(session, tracker, on=False, by=None)
    assert [found.id for found in browse(session)] == [tracker.id, other.id]
    assert [found.id for found in browse(session, active=True)] == [other.id]
    switch(session, tracker, on=True, by=None)
    assert find_tracker(session, tracker.id) is tracker
    assert tracker.product_team_id == team


def test_the_kinds_and_what_they_tell() -> None:
    assert {"github", "webhook", "email"} == set(tracker_kinds())
    assert (tells_state("github"), tells_state("webhook"), tells_state("pigeon")) == (True, False, False)
    assert WebhookOut.reads_state is False
