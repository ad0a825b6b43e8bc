"""The contracts' dialects notice what is wrong: each on a small contract of our own, so that the real ones are believed."""

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.contract.official import Official
from tests.contract.official_discovery import Discovery
from tests.contract.official_graph import Graph
from tests.contract.official_graphql import GraphQl
from tests.contract.official_lexicon import Lexicons
from tests.contract.official_listed import Listed, Postman
from tests.contract.official_openapi import OpenApi
from tests.contract.official_telegram import BotApi

AT = "https://api.example"
NOTE = {"type": "object", "properties": {"id": {"type": "integer"}, "text": {"type": "string"}}, "required": ["id"]}
OPENAPI = {
    "openapi": "3.0.3",
    "security": [{"key": []}],
    "paths": {
        "/notes/{id}": {
            "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}}],
            "get": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 50}},
                    {"name": "tag[]", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
                ],
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/N"}}}}},
            },
            "put": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "parts.yaml#/N"}}}},
                "responses": {"204": {}},
            },
        }
    },
    "components": {
        "schemas": {"N": {**NOTE, "nullable": True}},
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    },
}
LEXICON = {
    "lexicon": 1,
    "defs": {
        "main": {
            "type": "query",
            "parameters": {"type": "params", "required": ["of"], "properties": {"of": {"type": "string", "format": "did"}}},
            "output": {"schema": {"type": "object", "required": ["note"], "properties": {"note": {"type": "union", "refs": ["#n"]}}}},
        },
        "n": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "maxLength": 5}}},
    },
}  # fmt: skip
DISCOVERY = {
    "rootUrl": f"{AT}/",
    "parameters": {"key": {"type": "string"}},
    "resources": {"notes": {"methods": {
        "list": {"httpMethod": "GET", "scopes": ["notes"], "flatPath": "v1/notes", "response": {"$ref": "Note"}, "parameters": {
            "part": {"location": "query", "required": True, "repeated": True, "type": "string", "enum": ["id", "text"]},
            "max": {"location": "query", "type": "integer", "maximum": "10"}}},
        "insert": {"httpMethod": "POST", "flatPath": "v1/notes", "request": {"$ref": "Note"}},
    }}},
    "schemas": {"Note": {"type": "object", "properties": {"id": {"type": "string"}}}},
}  # fmt: skip
BOT = {
    "methods": {"getNotes": {"fields": [{"name": "offset", "types": ["Integer"], "required": True}], "returns": ["Array of Note"]}},
    "types": {"Note": {"fields": [{"name": "text", "types": ["String"], "required": True}]}},
}  # fmt: skip
POSTMAN = {"variable": [{"key": "some", "value": "id, text"}], "item": [{"name": "folder", "item": [{"name": "read", "request": {
    "method": "GET", "url": {"path": ["me", "notes"], "query": [{"key": "fields", "value": "{{some}}"}, {"key": "limit"}]}}}]}]}  # fmt: skip
NODE = {
    "apis": [
        {"method": "GET", "endpoint": "notes", "return": "Note", "params": [{"name": "filter"}]},
        {"method": "POST", "name": "#update", "return": "Note", "params": [{"name": "is_hidden"}]},
    ],
    "fields": [{"name": "text", "type": "string"}, {"name": "from", "type": "User"}],
}
GRAPHQL = "type Query { note(id: ID!): Note } type Note { text: String }"

KEY = {"Authorization": "Bearer x"}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "openapi.json").write_text(json.dumps(OPENAPI))
    (tmp_path / "parts.yaml").write_text(yaml.dump({"N": NOTE}))
    (tmp_path / "lexicons" / "app" / "note").mkdir(parents=True)
    (tmp_path / "lexicons" / "app" / "note" / "get.json").write_text(json.dumps(LEXICON))
    (tmp_path / "discovery.json").write_text(json.dumps(DISCOVERY))
    (tmp_path / "bot.json").write_text(json.dumps(BOT))
    (tmp_path / "pairs.json").write_text(json.dumps([["GET", "/notes/{id}"]]))
    (tmp_path / "names.json").write_text(json.dumps({"endpoints": {"note": "r/{name}/note/"}}))
    (tmp_path / "postman.json").write_text(json.dumps(POSTMAN))
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "Note.json").write_text(json.dumps(NODE))
    (tmp_path / "schema.graphql.gz").write_bytes(gzip.compress(GRAPHQL.encode()))
    return tmp_path


CONTRACTS = {
    "openapi": OpenApi("openapi.json", at=AT),
    "lexicon": Lexicons("lexicons", at=AT),
    "discovery": Discovery("discovery.json"),
    "bot": BotApi("bot.json", at=AT),
    "pairs": Listed("pairs.json", at=AT),
    "names": Listed("names.json", at=AT),
    "postman": Postman("postman.json", at=AT),
    "graph": Graph("nodes", at=AT, nodes={r"\d+": "Note"}),
    "graphql": GraphQl("schema.graphql.gz", at=AT),
}


def told(folder: Path, dialect: str, method: str, path: str, body: Any = None, answer: Any = None) -> list[str]:
    contract: Official = CONTRACTS[dialect]
    request = httpx.Request(method, AT + path, json=body, headers=KEY) if body is not None else httpx.Request(method, AT + path, headers=KEY)  # fmt: skip
    assert contract.covers(folder, request)
    return contract.check(folder, request, None if answer is None else httpx.Response(200, json=answer))


RIGHT = [
    ("openapi", "GET", "/notes/7?limit=5&tag[]=a&tag[]=b", None, {"id": 1}),
    ("openapi", "PUT", "/notes/7", {"id": 1, "text": "x"}, None),
    ("lexicon", "GET", "/xrpc/app.note.get?of=did:plc:abc", None, {"note": {"$type": "app.note.get#n", "text": "hello"}}),
    ("lexicon", "GET", "/xrpc/app.note.get?of=did:plc:abc", None, {"note": {"$type": "app.other", "any": 1}}),
    ("discovery", "GET", "/v1/notes?part=id,text&max=10&key=k", None, {"id": "1"}),
    ("discovery", "POST", "/v1/notes", {"id": "1"}, None),
    ("bot", "POST", "/bot1:x/getNotes", {"offset": 1}, {"ok": True, "result": [{"text": "x"}]}),
    ("bot", "GET", "/bot1:x/getNotes?offset=1", None, None),
    ("pairs", "GET", "/notes/7", None, None),
    ("names", "POST", "/r/x/note", None, None),
    ("postman", "GET", "/v1.0/17/notes?fields=id,text&limit=3", None, {"data": [{"id": "1", "text": "x"}]}),
    ("graph", "GET", "/7/notes?filter=x&fields=text,from{name}", None, {"data": [{"id": "1", "text": "x"}]}),
    ("graph", "POST", "/7?is_hidden=true", None, None),
    ("graphql", "POST", "/graphql", {"query": "query($i: ID!){note(id:$i){text}}", "variables": {"i": "1"}}, {"data": {}}),
]  # fmt: skip
WRONG = [
    ("openapi", "GET", "/other/7", None, None, "no such"),
    ("openapi", "POST", "/notes/7", None, None, "no such"),
    ("openapi", "GET", "/notes/seven", None, None, "id cannot be"),
    ("openapi", "GET", "/notes/7?limit=51", None, None, "limit cannot be"),
    ("openapi", "GET", "/notes/7?tag[]=c", None, None, "tag cannot be"),
    ("openapi", "GET", "/notes/7?offset=1", None, None, "offset"),
    ("openapi", "GET", "/notes/7", None, {"text": "x"}, '"id" is a required'),
    ("openapi", "GET", "/notes/7", None, [], "answer"),
    ("openapi", "PUT", "/notes/7", {"text": "x"}, None, '"id" is a required'),
    ("openapi", "PUT", "/notes/7", {"id": 1, "colour": "x"}, None, "colour"),
    ("lexicon", "GET", "/xrpc/app.note.put", None, None, "no such"),
    ("lexicon", "POST", "/xrpc/app.note.get", None, None, "no such"),
    ("lexicon", "GET", "/xrpc/app.note.get", None, None, "lacks of"),
    ("lexicon", "GET", "/xrpc/app.note.get?of=me", None, None, "of cannot be"),
    ("lexicon", "GET", "/xrpc/app.note.get?of=did:plc:abc&x=1", None, None, "know the query parameter x"),
    ("lexicon", "GET", "/xrpc/app.note.get?of=did:plc:abc", None, {"note": {"$type": "app.note.get#n"}}, "text"),
    ("lexicon", "GET", "/xrpc/app.note.get?of=did:plc:abc", None, {"note": {"text": "x"}}, "type"),
    ("discovery", "GET", "/v2/notes", None, None, "no such"),
    ("discovery", "GET", "/v1/notes", None, None, "lacks part"),
    ("discovery", "GET", "/v1/notes?part=id&max=11", None, None, "max cannot be"),
    ("discovery", "GET", "/v1/notes?part=colour", None, None, "part cannot be"),
    ("discovery", "GET", "/v1/notes?part=id", None, {"id": 1}, "answer"),
    ("discovery", "GET", "/v1/notes?part=id", None, {"colour": "x"}, "colour"),
    ("discovery", "POST", "/v1/notes", {"colour": "x"}, None, "colour"),
    ("bot", "POST", "/bot1:x/getPosts", {}, None, "no such"),
    ("bot", "POST", "/bot1:x/getNotes", {}, None, "offset"),
    ("bot", "POST", "/bot1:x/getNotes", {"offset": "x"}, None, "offset"),
    ("bot", "GET", "/bot1:x/getNotes?offset=1&limit=3", None, None, "limit"),
    ("bot", "POST", "/bot1:x/getNotes", {"offset": 1}, {"ok": True, "result": [{}]}, "answer"),
    ("pairs", "POST", "/notes/7", None, None, "no such"),
    ("names", "GET", "/r/x/notes", None, None, "no such"),
    ("postman", "GET", "/17/posts", None, None, "no such"),
    ("postman", "GET", "/17/notes?colour=red", None, None, "colour"),
    ("postman", "GET", "/17/notes?fields=id,colour", None, None, "colour"),
    ("postman", "GET", "/17/notes?fields=id", None, {"data": [{"text": "x"}]}, "not asked for"),
    ("graph", "GET", "/x/notes", None, None, "what the node"),
    ("graph", "GET", "/7/posts", None, None, "has no GET posts"),
    ("graph", "DELETE", "/7", None, None, "has no DELETE"),
    ("graph", "GET", "/7/notes?colour=red", None, None, "colour"),
    ("graph", "GET", "/7/notes?fields=text,colour", None, None, "colour"),
    ("graph", "GET", "/7/notes?fields=text", None, {"data": [{"text": 7}]}, "text"),
    ("graphql", "POST", "/graphql", {"query": "{note{text}}"}, None, "id"),
    ("graphql", "POST", "/graphql", {"query": "query($i: ID!){note(id:$i){colour}}", "variables": {"i": "1"}}, None, "colour"),
    ("graphql", "POST", "/graphql", {"query": "query($i: ID!){note(id:$i){text}}", "variables": {}}, None, "non-null"),
]  # fmt: skip


@pytest.mark.parametrize("right", RIGHT)
def test_what_is_right_passes(written: Path, right: tuple[Any, ...]) -> None:
    assert told(written, *right) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_told(written: Path, wrong: tuple[Any, ...]) -> None:
    *asked, reason = wrong
    assert reason in " ".join(told(written, *asked))


@pytest.mark.parametrize(("dialect", "path"), [("openapi", "/notes/7"), ("discovery", "/v1/notes?part=id")])
def test_who_does_not_say_who_asks_is_told(written: Path, dialect: str, path: str) -> None:
    problems = CONTRACTS[dialect].check(written, httpx.Request("GET", AT + path), None)
    assert any("who asks" in problem for problem in problems)


def test_what_a_contract_lacks_is_named_with_its_reason(written: Path) -> None:
    known = OpenApi("openapi.json", at=AT, beyond={"/health/{part}": "operators only"})
    assert known.check(written, httpx.Request("GET", f"{AT}/health/disk"), None) == []
    assert known.check(written, httpx.Request("GET", f"{AT}/health"), None)
