"""Contracts written as atproto lexicons: one file per method, record or group of definitions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx

from tests.contract.official import Official
from tests.contract.official_openapi import body_faults
from tests.contract.official_schema import READERS, faults, fits_as_words

SCHEME = "lexicon"
FORMATS = {
    "at-uri": r"^at://[^/\s]+(/[^\s]+)?$",
    "at-identifier": r"^(did:[a-z]+:\S+|[A-Za-z0-9.-]+\.[A-Za-z]+)$",
    "cid": r"^[A-Za-z0-9+=]{8,256}$",
    "datetime": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
    "did": r"^did:[a-z]+:[A-Za-z0-9._:%-]+$",
    "handle": r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
    "language": r"^[A-Za-z]{2,3}(-[A-Za-z0-9-]+)?$",
    "nsid": r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+){2,}$",
    "record-key": r"^[A-Za-z0-9._:~-]{1,512}$",
    "tid": r"^[2-7a-z]{13}$",
    "uri": r"^[a-z][a-z0-9+.-]*:\S+$",
}
PLAIN = ("minLength", "maxLength", "minimum", "maximum", "enum", "const")


class Lexicons(Official):
    """A folder of lexicons."""

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        name = path.removeprefix("/xrpc/")
        file = folder / self.path / f"{name.replace('.', '/')}.json"
        method = json.loads(file.read_text())["defs"]["main"] if file.is_file() else {}
        if {"query": "GET", "procedure": "POST"}.get(method.get("type", "")) != request.method:
            yield "the lexicons have no such method"
            return
        where = _address(folder / self.path, name)
        yield from _query(method.get("parameters", {}), where, request)
        if schema := method.get("input", {}).get("schema"):
            body = json.loads(request.content or b"null")
            yield from body_faults(_schema(schema, where), body)
            yield from self._record(folder, body)
        elif request.content and method.get("input", {}).get("encoding") is None:
            yield "it takes no body"
        if response is not None and response.status_code < 400:
            yield from _answer(method.get("output", {}), where, response)

    def _record(self, folder: Path, body: Any) -> Iterator[str]:
        """A record that is put must be as the lexicon of its collection has it."""
        if isinstance(body, dict) and "record" in body and isinstance(body.get("collection"), str):
            schema = {"$ref": f"{_address(folder / self.path, body['collection'])}#/main"}
            yield from (f"the record, {fault}" for fault in faults(schema, body["record"]))


def _query(parameters: Any, where: str, request: httpx.Request) -> Iterator[str]:
    known = parameters.get("properties", {})
    for name in dict(request.url.params):
        values = request.url.params.get_list(name)
        if name not in known:
            yield f"it does not know the query parameter {name}"
        elif not fits_as_words(_schema(known[name], where), values):
            yield f"the query parameter {name} cannot be {values}"
    lacking = [name for name in parameters.get("required", ()) if name not in request.url.params]
    yield from (f"the query lacks {name}" for name in lacking)


def _answer(output: Any, where: str, response: httpx.Response) -> Iterator[str]:
    if schema := output.get("schema"):
        answer = json.loads(response.content or b"null")
        yield from (f"the answer, {fault}" for fault in faults(_schema(schema, where), answer))
        if isinstance(answer, dict) and isinstance(answer.get("value"), dict) and "$type" in answer["value"]:
            folder = where.rpartition("/lexicons/")[0] + "/lexicons"
            record = {"$ref": f"{folder}/{answer['value']['$type'].replace('.', '/')}.json#/main"}
            yield from (f"the answer's record, {fault}" for fault in faults(record, answer["value"]))


def _address(folder: Path, name: str) -> str:
    return f"{SCHEME}://{folder.as_posix()}/{name.replace('.', '/')}.json"


def _read(uri: str) -> Any:
    """The definitions of one lexicon as schemas, by name."""
    content = json.loads(Path(unquote(uri.removeprefix(f"{SCHEME}://"))).read_text(encoding="utf-8"))
    return {name: _schema(definition, uri) for name, definition in content["defs"].items()}


def _schema(node: Any, where: str) -> Any:
    kind = node.get("type")
    if kind == "ref":
        return {"$ref": _target(node["ref"], where)}
    if kind == "union":
        return _union(node, where)
    if kind == "record":
        return _schema(node["record"], where)
    if kind in {"object", "params"}:
        nullable = set(node.get("nullable", ()))
        properties = {name: _schema(value, where) for name, value in node.get("properties", {}).items()}
        for name in nullable & set(properties):
            properties[name] = {"anyOf": [properties[name], {"type": "null"}]}
        return {"type": "object", "properties": properties, "required": node.get("required", [])}
    if kind == "array":
        limits = {f"{end}Items": node[f"{end}Length"] for end in ("min", "max") if f"{end}Length" in node}
        return {"type": "array", "items": _schema(node["items"], where), **limits}
    if kind in {"string", "integer", "boolean"}:
        pattern = {"pattern": FORMATS[node["format"]]} if node.get("format") in FORMATS else {}
        return {"type": kind, **{word: node[word] for word in PLAIN if word in node}, **pattern}
    if kind in {"unknown", "blob", "cid-link", "bytes"}:
        return {"type": "object"}
    return {"type": "string"} if kind == "token" else {}


def _union(node: Any, where: str) -> Any:
    """Members say by `$type` which they are; of an open union there may be others."""
    rules: list[Any] = [{"type": "object", "required": ["$type"]}]
    names = []
    for ref in node.get("refs", ()):
        target = _target(ref, where)
        names.append(_name(target))
        rules.append({"if": {"properties": {"$type": {"const": names[-1]}}}, "then": {"$ref": target}})
    if node.get("closed"):
        rules.append({"properties": {"$type": {"enum": names}}})
    return {"allOf": rules}


def _target(ref: str, where: str) -> str:
    name, _, part = ref.partition("#")
    root = where.rpartition("/lexicons/")[0] + "/lexicons/"
    file = root + name.replace(".", "/") + ".json" if name else where
    return f"{file}#/{part or 'main'}"


def _name(target: str) -> str:
    file, _, part = target.rpartition("/lexicons/")[2].partition(".json#/")
    name = file.replace("/", ".")
    return name if part == "main" else f"{name}#{part}"


READERS[SCHEME] = _read
