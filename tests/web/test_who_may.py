"""Who may do what, tried at every route: strangers nothing, readers look, and nobody raises themselves."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from inbox.teams.models import Role, Teammate
from inbox.teams.permissions import Permission, may

OPEN = {"static_files", "set_up", "sign_in", "subscriptions", "receiving", "health", "api-docs"}
# What a reader may do: say who they are and that they are looking, and have the digest sent to themselves.
OF_READERS = {"profile.update", "profile.create_password", "viewers.create", "digests.trial"}


def routes(app: Any, method: str) -> list[tuple[str, str]]:
    return [
        (rule.endpoint, re.sub(r"<[^>]+>", "1", rule.rule))
        for rule in app.url_map.iter_rules()
        if method in rule.methods and rule.endpoint.partition(".")[0] not in OPEN
    ]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_gets_nowhere(app: Any, client: Any, visitor: Any, method: str) -> None:
    for endpoint, address in routes(app, method):
        if endpoint in {"digests.show", "digests.chart"}:  # their secret is the permission, and 1 is none
            assert visitor.get(address).status_code == 404
            continue
        answer = visitor.open(address, method=method)
        assert answer.status_code in {401, 302}, endpoint
        assert answer.status_code == 401 or answer.headers["Location"].startswith("/sign-in"), endpoint


def test_a_reader_changes_nothing(app: Any, sign_in_as: Callable[..., Any], valkey_url: str) -> None:
    reader = sign_in_as("reader")
    for endpoint, address in routes(app, "POST"):
        if endpoint.startswith("api_"):
            continue
        status = reader.post(address).status_code
        assert status == 403 or endpoint in OF_READERS, (endpoint, status)


@pytest.mark.parametrize("role", ["manager", "product", "reader"])
def test_only_admins_reach_what_leads_to_credentials_and_roles(sign_in_as: Callable[..., Any], role: str) -> None:
    teammate = sign_in_as(role)
    for address in ("/teammates/1/role", "/teammates", "/settings/tokens", "/channels", "/channels/checks"):
        assert teammate.post(address, data={"role": "admin"}).status_code == 403
    assert teammate.get("/channels/1/settings").status_code == 403
    assert not may(role, Permission.TEAMS_MANAGE)


def test_a_profile_cannot_carry_a_role(app: Any, sign_in_as: Callable[..., Any]) -> None:
    reader = sign_in_as("reader")
    form = {"name": "R", "language": "en", "time_zone": "Europe/Berlin", "role": "admin", "is_active": "1", "id": "2"}
    assert reader.post("/profile", data=form).status_code == 302
    with app.extensions["trellis"].database.reading() as session:
        assert {teammate.role for teammate in session.query(Teammate)} == {Role.READER}


def test_a_closed_account_is_out_at_once(client: Any, sign_in_as: Callable[..., Any]) -> None:
    other = sign_in_as("manager")
    assert other.get("/conversations").status_code == 200
    assert client.post("/teammates/2/role", data={"role": "none"}).status_code == 302
    assert other.get("/conversations").status_code == 302
    assert other.post("/conversations/1/closure").status_code == 401
