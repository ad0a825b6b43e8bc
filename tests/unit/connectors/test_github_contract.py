"""What we send and what we believe GitHub sends, held against GitHub's own description of its API."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import respx

from tests.unit.connectors.test_github_issues import CARD, ISSUES, RECORDINGS, opened, recorded

SHARED = Path(os.environ.get("TRELLIS_SHARED", Path(__file__).parents[3].parent / "shared"))
DESCRIPTION = SHARED / "contracts" / "github" / "api.github.com.cut.json"
PATH = "/repos/{owner}/{repo}/issues"


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    if not DESCRIPTION.exists():
        pytest.skip("GitHub's API description is not here; set TRELLIS_SHARED")
    loaded: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    return loaded


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable`; JSON Schema lists "null" as a type."""
    if isinstance(node, list):
        return [as_json_schema(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    changed = {name: as_json_schema(value) for name, value in node.items() if name not in {"example", "examples"}}
    return {"anyOf": [changed, {"type": "null"}]} if changed.pop("nullable", False) is True else changed


def fits(description: dict[str, Any], schema: Any, value: Any) -> None:
    root = {**as_json_schema(schema), "components": as_json_schema({"schemas": description["components"]["schemas"]})}
    jsonschema_rs.Draft202012Validator(root).validate(value)


def test_the_issue_we_send_fits(description: dict[str, Any]) -> None:
    with respx.mock() as router:
        route = router.post(ISSUES).respond(201, json=recorded("issue_created"))
        opened(labels="idea").create(CARD)
    schema = description["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]["schema"]
    fits(description, schema, json.loads(route.calls.last.request.content))


def test_the_questions_we_ask_are_known(description: dict[str, Any]) -> None:
    with respx.mock() as router:
        router.get("https://api.github.com/user").respond(json=recorded("user"))
        route = router.get(ISSUES).respond(json=[])
        opened().find_created(CARD)
    known = {}
    for parameter in description["paths"][PATH]["get"]["parameters"]:
        if "$ref" in parameter:
            parameter = description["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
        known[parameter["name"]] = parameter["schema"]
    for name, value in route.calls.last.request.url.params.items():
        assert name in known
        assert value in known[name].get("enum", [value])


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDINGS.glob("issue_*.json")))
def test_the_issues_we_test_with_are_such_as_github_sends(description: dict[str, Any], name: str) -> None:
    fits(description, {"$ref": "#/components/schemas/issue"}, recorded(name))


def test_githubs_own_example_can_be_read(description: dict[str, Any]) -> None:
    example = description["components"]["examples"]["issue"]["value"]
    with respx.mock() as router:
        router.get(f"{ISSUES}/1347").respond(json=example)
        assert opened().read("1347").state == "open"
