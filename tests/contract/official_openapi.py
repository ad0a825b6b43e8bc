"""Contracts written as OpenAPI 3 (3.0 and 3.1) or Swagger 2: one file of JSON or YAML, or a tree of YAML files."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx

from tests.contract.official import Official, filled, matches
from tests.contract.official_schema import document, faults, fits_as_words, known_names, resolve


class OpenApi(Official):
    """One OpenAPI description. Without `at`, the requests are those below its own first server.

    `loose` names properties that the contract wrongly demands of every answer, with the reason.
    """

    def __init__(
        self,
        path: str,
        *,
        at: str = "",
        beyond: Mapping[str, str] | None = None,
        loose: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(path, at=at, beyond=beyond)
        self.loose = dict(loose or {})

    def begins(self, folder: Path) -> str:
        if self.at:
            return self.at
        described = self._described(folder)
        if "servers" in described:
            return str(described["servers"][0]["url"]).rstrip("/")
        return f"https://{described['host']}{described.get('basePath', '').rstrip('/')}"

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        described = self._described(folder)
        template = _template(described["paths"], path)
        at = resolve(described["paths"][template]) if template else {}
        operation = resolve(at.get(request.method.lower()))
        if not template or not operation:
            yield "the contract has no such method and path"
            return
        parameters = [resolve(one) for one in (*at.get("parameters", ()), *operation.get("parameters", ()))]
        yield from _parameters(parameters, request, template, path)
        yield from _sign_in(described, operation, request)
        yield from _body(parameters, operation, request)
        if response is not None:
            for fault in _answer(operation, response):
                if not any(f'"{name}" is a required property' in fault for name in self.loose):
                    yield fault

    def _described(self, folder: Path) -> Any:
        return document((folder / self.path).as_uri())


def _template(paths: Mapping[str, Any], path: str) -> str:
    """The path of the contract, the one with the fewest names to fill in."""
    found = [template for template in paths if matches(template, unquote(path))] or [
        template for template in paths if matches(template, path)
    ]
    return min(found, key=lambda template: template.count("{"), default="")


def _parameters(parameters: list[Any], request: httpx.Request, template: str, path: str) -> Iterator[str]:
    query = {one["name"].removesuffix("[]"): one for one in parameters if one["in"] == "query"}
    given: dict[str, list[str]] = {}
    for name, value in request.url.params.multi_items():
        given.setdefault(name.partition("[")[0] if name.endswith("]") else name, []).append(value)
    for name, values in given.items():
        if name not in query:
            yield f"it does not know the query parameter {name}"
        elif not fits_as_words(_schema(query[name]), values):
            yield f"the query parameter {name} cannot be {values}"
    yield from (f"the query lacks {name}" for name, one in query.items() if one.get("required") and name not in given)
    for one in parameters:
        is_key = one["name"] == "token" and "Authorization" in request.headers  # as Slack's was sent in its early days
        if one["in"] == "header" and one.get("required") and one["name"] not in request.headers and not is_key:
            yield f"the header {one['name']} is missing"
    parts = filled(template, path)
    for one in (one for one in parameters if one["in"] == "path"):
        part = unquote(parts.get(one["name"], ""))
        if not fits_as_words(_schema(one), [part]):
            yield f"{one['name']} cannot be {part!r}"


def _sign_in(described: Any, operation: Any, request: httpx.Request) -> Iterator[str]:
    wanted = operation.get("security", described.get("security")) or []
    schemes = described.get("securityDefinitions") or described.get("components", {}).get("securitySchemes", {})
    if not wanted or {} in wanted:
        return
    for choice in wanted:
        if all(_is_shown(resolve(schemes.get(name, {})), request) for name in choice):
            return
    yield "it wants to know who asks"


def _is_shown(scheme: Any, request: httpx.Request) -> bool:
    if scheme.get("type") == "apiKey":
        where = request.url.params if scheme.get("in") == "query" else request.headers
        return scheme.get("name", "") in where or "Authorization" in request.headers
    return "Authorization" in request.headers


def _body(parameters: list[Any], operation: Any, request: httpx.Request) -> Iterator[str]:
    form = {one["name"]: one for one in parameters if one["in"] == "formData"}
    whole = next((one for one in parameters if one["in"] == "body"), None)
    body = resolve(operation.get("requestBody") or {})
    if not request.content:
        if body.get("required") or (whole and whole.get("required")):
            yield "it wants a body"
        yield from (f"the form lacks {name}" for name, one in form.items() if one.get("required"))
        return
    kind = request.headers.get("Content-Type", "").partition(";")[0]
    contents = {name.partition(";")[0]: value for name, value in body.get("content", {}).items()}
    if contents and kind not in contents:
        yield f"it takes {sorted(contents)}, not {kind}"
        return
    schema = contents[kind].get("schema", {}) if contents else (whole or {}).get("schema", {})
    if kind == "application/json":
        yield from body_faults(schema, json.loads(request.content))
    elif kind == "application/x-www-form-urlencoded":
        given = httpx.QueryParams(request.content.decode())
        properties = {name: _schema(one) for name, one in form.items()} or resolve(schema).get("properties", {})
        required = [name for name, one in form.items() if one.get("required")] or resolve(schema).get("required", [])
        for name in given:
            if name.removesuffix("[]") not in properties:
                yield f"it does not know {name} in the form"
            elif not fits_as_words(properties[name.removesuffix("[]")], given.get_list(name)):
                yield f"{name} in the form cannot be {given.get_list(name)}"
        yield from (f"the form lacks {name}" for name in required if name not in given and name != "token")
    elif not contents and not form and not whole:
        yield "it takes no body"


def body_faults(schema: Any, value: Any) -> Iterator[str]:
    """What is wrong with a JSON body, names that the contract does not know included."""
    yield from (f"the body, {fault}" for fault in faults(schema, value))
    names = known_names(schema)
    if names is not None and isinstance(value, dict):
        yield from (f"it does not know {name} in the body" for name in sorted(set(value) - names))


def _answer(operation: Any, response: httpx.Response) -> Iterator[str]:
    status, responses = response.status_code, operation.get("responses", {})
    found = next((responses[n] for n in (str(status), f"{status // 100}XX", "default") if n in responses), None)
    if found is None:
        if status < 400:
            yield f"it does not answer with {status}"
        return
    found = resolve(found)
    contents = {name.partition(";")[0]: value for name, value in found.get("content", {}).items()}
    content = contents.get("application/json", next(iter(contents.values()), {}))
    schema = content.get("schema") or found.get("schema")
    if schema and response.content and "json" in response.headers.get("Content-Type", ""):
        yield from (f"the answer {status}, {fault}" for fault in faults(schema, json.loads(response.content)))


def _schema(parameter: Any) -> Any:
    if "schema" in parameter:
        return parameter["schema"]
    if "content" in parameter:
        return next(iter(parameter["content"].values())).get("schema", {})
    words = ("type", "items", "enum", "minimum", "maximum", "pattern", "minLength", "maxLength", "anyOf")
    return {word: parameter[word] for word in words if word in parameter and parameter[word] != "file"}
