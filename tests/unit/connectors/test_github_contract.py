"""What we send and what we believe GitHub sends, held against GitHub's own description of its API."""

import json
from pathlib import Path

import httpx
import pytest
import respx

from tests.contract.official_openapi import OpenApi
from tests.unit.connectors.test_github_issues import CARD, ISSUES, RECORDINGS, opened, recorded

GITHUB = OpenApi("github/api.github.com.cut.json")
USER = "https://api.github.com/user"


@pytest.fixture
def contracts(shared: Path) -> Path:
    """The folder of the contracts; skips where it is absent."""
    return shared / "contracts"


def told(contracts: Path, router: respx.MockRouter) -> list[str]:
    """What GitHub's description says against anything that was asked or answered."""
    assert router.calls
    return [line for call in router.calls for line in GITHUB.check(contracts, call.request, call.response)]


def test_an_issue_is_made_as_github_has_it(contracts: Path) -> None:
    with respx.mock() as router:
        router.post(ISSUES).respond(201, json=recorded("issue_created"))
        opened(labels="idea").create(CARD)
        assert told(contracts, router) == []


def test_a_lost_issue_is_looked_for_as_github_has_it(contracts: Path) -> None:
    with respx.mock() as router:
        router.get(USER).respond(json=recorded("user"))
        router.get(ISSUES).respond(json=[recorded("issue_created")])
        opened().find_created(CARD)
        assert told(contracts, router) == []


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDINGS.glob("issue_*.json")))
def test_the_issues_we_test_with_are_such_as_github_sends(contracts: Path, name: str) -> None:
    request = httpx.Request("GET", f"{ISSUES}/1347", headers={"Authorization": "Bearer x"})
    assert GITHUB.check(contracts, request, httpx.Response(200, json=recorded(name))) == []


def test_githubs_own_example_can_be_read(contracts: Path) -> None:
    content = json.loads((contracts / GITHUB.path).read_text(encoding="utf-8"))
    with respx.mock() as router:
        router.get(f"{ISSUES}/1347").respond(json=content["components"]["examples"]["issue"]["value"])
        assert opened().read("1347").state == "open"
        assert told(contracts, router) == []
