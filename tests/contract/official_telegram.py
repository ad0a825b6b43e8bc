"""The description of Telegram's Bot API: methods with fields, types with fields, in words like "Array of Message"."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx

from tests.contract.official import Official
from tests.contract.official_openapi import body_faults
from tests.contract.official_schema import READERS, faults, fits_as_words

SCHEME = "botapi"
PLAIN = {"String": "string", "Integer": "integer", "Float": "number", "Boolean": "boolean", "True": "boolean"}


class BotApi(Official):
    """One description; requests are for /bot<token>/<method>."""

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        file = folder / self.path
        token, _, name = path.strip("/").partition("/")
        method = json.loads(file.read_text(encoding="utf-8"))["methods"].get(name)
        if not token.startswith("bot") or method is None or request.method not in {"GET", "POST"}:
            yield "the Bot API has no such method"
            return
        where = f"{SCHEME}://{file.as_posix()}"
        schema = _object(method.get("fields", ()), where)
        if "json" in request.headers.get("Content-Type", ""):
            given = json.loads(request.content or b"{}")
            yield from body_faults(schema, given)
        else:
            given = {**dict(request.url.params), **dict(httpx.QueryParams(request.content.decode()))}
            for parameter, value in given.items():
                if parameter not in schema["properties"]:
                    yield f"it does not know {parameter}"
                elif not fits_as_words(schema["properties"][parameter], [value]):
                    yield f"{parameter} cannot be {value}"
        yield from (f"{required} is missing" for required in schema["required"] if required not in given)
        if response is not None:
            result = _any_of(method["returns"], where)
            right = {"ok": {"const": True}, "result": result}
            wrong = {"ok": {"const": False}, "error_code": {"type": "integer"}, "description": {"type": "string"}}
            answer = right if response.status_code < 400 else wrong
            whole = {"type": "object", "properties": answer, "required": sorted(answer)}
            yield from (f"the answer, {fault}" for fault in faults(whole, json.loads(response.content or b"null")))


def _read(uri: str) -> Any:
    types = json.loads(Path(unquote(uri.removeprefix(f"{SCHEME}://"))).read_text(encoding="utf-8"))["types"]
    return {
        name: _any_of(one["subtypes"], uri) if one.get("subtypes") else _object(one.get("fields", ()), uri)
        for name, one in types.items()
    }


def _object(fields: Any, where: str) -> Any:
    return {
        "type": "object",
        "properties": {field["name"]: _any_of(field["types"], where) for field in fields},
        "required": [field["name"] for field in fields if field["required"]],
    }


def _any_of(names: list[str], where: str) -> Any:
    return {"anyOf": [_type(name, where) for name in names]}


def _type(name: str, where: str) -> Any:
    if name.startswith("Array of "):
        return {"type": "array", "items": _type(name.removeprefix("Array of "), where)}
    if name in PLAIN:
        return {"type": PLAIN[name]}
    return {"$ref": f"{where}#/{name}"}


READERS[SCHEME] = _read
