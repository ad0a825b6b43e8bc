"""Google's discovery documents: resources with methods, parameters with places, and schemas."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx

from tests.contract.official import Official, matches
from tests.contract.official_openapi import body_faults
from tests.contract.official_schema import READERS, faults, fits_as_words

SCHEME = "discovery"
PLAIN = ("type", "enum", "pattern")


class Discovery(Official):
    """One discovery document. Without `at`, the requests are those below its own root."""

    def begins(self, folder: Path) -> str:
        return self.at or str(self._described(folder)["rootUrl"]).rstrip("/")

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        described = self._described(folder)
        method = next(
            (one for one in _methods(described) if one["httpMethod"] == request.method and matches(_path(one), path)),
            None,
        )
        if method is None:
            yield "the contract has no such method and path"
            return
        where = f"{SCHEME}://{(folder / self.path).as_posix()}"
        own = {name: one for name, one in method.get("parameters", {}).items() if one["location"] == "query"}
        known = {**described.get("parameters", {}), **own}
        for name in dict(request.url.params):
            values = [part for value in request.url.params.get_list(name) for part in value.split(",")]
            if name not in known:
                yield f"it does not know the query parameter {name}"
            elif not all(_is_allowed(known[name], value) for value in values):
                yield f"the query parameter {name} cannot be {values}"
        lacking = [name for name, one in own.items() if one.get("required") and name not in request.url.params]
        yield from (f"the query lacks {name}" for name in lacking)
        if method.get("scopes") and "Authorization" not in request.headers and "key" not in request.url.params:
            yield "it wants to know who asks"
        if "request" in method:
            body = json.loads(request.content or b"{}")
            yield from body_faults({"$ref": f"{where}#/{method['request']['$ref']}"}, body)
        elif request.content:
            yield "it takes no body"
        if response is not None and response.status_code < 300 and "response" in method:
            schema = {"$ref": f"{where}#/{method['response']['$ref']}"}
            answer = json.loads(response.content or b"null")
            yield from (f"the answer, {fault}" for fault in faults(schema, answer))

    def _described(self, folder: Path) -> Any:
        return json.loads((folder / self.path).read_text(encoding="utf-8"))


def _methods(node: Mapping[str, Any]) -> Iterator[Any]:
    yield from node.get("methods", {}).values()
    for resource in node.get("resources", {}).values():
        yield from _methods(resource)


def _path(method: Mapping[str, Any]) -> str:
    return str(method.get("flatPath") or method["path"]).replace("{+", "{")


def _is_allowed(parameter: Any, value: str) -> bool:
    schema = {word: parameter[word] for word in PLAIN if word in parameter}
    if not fits_as_words(schema, [value]):
        return False
    bounds = [float(parameter[end]) if end in parameter else None for end in ("minimum", "maximum")]
    if parameter.get("type") != "integer":
        return True
    return (bounds[0] is None or float(value) >= bounds[0]) and (bounds[1] is None or float(value) <= bounds[1])


def _read(uri: str) -> Any:
    content = json.loads(Path(unquote(uri.removeprefix(f"{SCHEME}://"))).read_text(encoding="utf-8"))
    return {name: _schema(schema, uri) for name, schema in content["schemas"].items()}


def _schema(node: Any, where: str) -> Any:
    if "$ref" in node:
        return {"$ref": f"{where}#/{node['$ref']}"}
    schema: dict[str, Any] = {} if node.get("type") == "any" else {"type": node.get("type", "object")}
    if "properties" in node:
        schema["properties"] = {name: _schema(value, where) for name, value in node["properties"].items()}
    if isinstance(node.get("additionalProperties"), dict):
        schema["additionalProperties"] = _schema(node["additionalProperties"], where)
    elif "properties" in node:
        # Google answers with nothing that its document does not have.
        schema["additionalProperties"] = False
    if "items" in node:
        schema["items"] = _schema(node["items"], where)
    return {**schema, **({"enum": node["enum"]} if "enum" in node else {})}


READERS[SCHEME] = _read
