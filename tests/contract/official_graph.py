"""Meta's node descriptions: which edges a node has, with which parameters, and which fields."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tests.contract.official import Official

EVERYWHERE = {
    *("access_token", "appsecret_proof", "fields", "limit", "after", "before", "since", "until", "summary", "order"),
    *("ids", "method", "format", "pretty", "locale"),
}
NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)((?:\.[a-z_]+\([^()]*\))*)(\{)?")
PLAIN = {"string": str, "bool": bool, "int": int, "unsigned int": int, "float": (int, float), "datetime": (str, int)}


class Graph(Official):
    """The folder of descriptions. `nodes` says by pattern what the id in a path is: {"\\d+_\\d+": "PagePost"}."""

    def __init__(
        self, path: str, *, nodes: Mapping[str, str], at: str, beyond: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(path, at=at, beyond=beyond)
        self.nodes = dict(nodes)

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        name, _, edge = path.strip("/").partition("/")
        kind = next((kind for pattern, kind in self.nodes.items() if re.fullmatch(pattern, name)), None)
        node = described(folder / self.path, kind) if kind else None
        if node is None:
            yield f"the stage does not say what the node {name} is"
            return
        own = {"GET": "#get", "POST": "#update", "DELETE": "#delete"}[request.method]
        found = [
            api
            for api in node["apis"]
            if (api["method"], api.get("endpoint")) == (request.method, edge) or (not edge and api.get("name") == own)
        ]
        if not found:
            yield f"a {kind} has no {request.method} {edge or 'of itself'}"
            return
        known = EVERYWHERE | {parameter["name"] for parameter in found[0]["params"]}
        yield from (f"{edge or kind} does not know {name}" for name in sorted(_given(request) - known))
        result = found[0]["return"] if edge else kind
        fields, _end = tree(request.url.params.get("fields", ""))
        yield from _unknown(folder / self.path, result, fields)
        if response is not None and response.status_code < 400 and request.method == "GET":
            answer = json.loads(response.content or b"null")
            for entry in answer.get("data", [answer]) if isinstance(answer, dict) else []:
                yield from _misfits(folder / self.path, result, entry)


def tree(text: str, start: int = 0) -> tuple[dict[str, Any], int]:
    """Fields as asked for, `id,from{id,name}`, as a tree, and where its text ends."""
    fields: dict[str, Any] = {}
    while start < len(text):
        if text[start] in ", ":
            start += 1
            continue
        if text[start] == "}":
            return fields, start + 1
        found = NAME.match(text, start)
        assert found, f"fields cannot be read: {text[start:]}"
        start, inner = found.end(), {}
        if found[3]:
            inner, start = tree(text, start)
        fields[found[1]] = inner
    return fields, start


@cache
def described(folder: Path, kind: str) -> Any:
    """A node's description, or None where the folder has none."""
    for name in (f"{kind}.json", f"{kind}.cut.json"):
        if (folder / name).is_file():
            return json.loads((folder / name).read_text(encoding="utf-8"))
    return None


def _given(request: httpx.Request) -> set[str]:
    form: set[str] = set()
    if "json" in request.headers.get("Content-Type", "") and request.content:
        form = set(json.loads(request.content))
    elif request.content:
        form = set(httpx.QueryParams(request.content.decode("utf-8", "replace")))
    return form | set(request.url.params)


def _parts(folder: Path, kind: str) -> dict[str, str] | None:
    """What a node can be asked for, with its type; None where nothing is known of it."""
    node = described(folder, kind)
    if node is None:
        return None
    edges = {api["endpoint"]: api["return"] for api in node["apis"] if api["method"] == "GET" and api.get("endpoint")}
    return {"id": "string", **edges, **{field["name"]: field["type"] for field in node["fields"]}}


def _unknown(folder: Path, kind: str, fields: Mapping[str, Any]) -> Iterator[str]:
    known = _parts(folder, kind)
    if known is None:
        return
    for name, inner in fields.items():
        if name not in known:
            yield f"a {kind} has no field {name}"
        elif inner:
            yield from _unknown(folder, _inner(known[name]), inner)


def _misfits(folder: Path, kind: str, entry: Any) -> Iterator[str]:
    known = _parts(folder, kind)
    if known is None:
        return
    if not isinstance(entry, dict):
        yield f"the answer has {entry!r} for a {kind}"
        return
    for name, value in entry.items():
        if name == "paging":
            continue
        if name not in known:
            yield f"the answer has {name}, which a {kind} has not"
        elif known[name] in PLAIN and not isinstance(value, PLAIN[known[name]]):
            yield f"the answer has {value!r} for the {known[name]} {name}"
        elif isinstance(value, dict) and isinstance(value.get("data"), list):
            for inner in value["data"]:
                yield from _misfits(folder, _inner(known[name]), inner)


def _inner(kind: str) -> str:
    return kind.removeprefix("list<").removesuffix(">")
