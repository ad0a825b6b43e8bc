"""Contracts that are only lists: methods and paths (Lemmy, Reddit), or the requests of a Postman collection (Threads)."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.contract.official import Official, matches

# What every edge of the Graph family takes.
EVERYWHERE = {"access_token", "fields", "limit", "after", "before", "since", "until"}


class Listed(Official):
    """Pairs of method and path, or named paths; nothing is known of queries and bodies."""

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        listed = _listed(json.loads((folder / self.path).read_text(encoding="utf-8")))
        asked = path.removesuffix(".json")
        if not any(method in {"", request.method} and matches(template, asked) for method, template in listed):
            yield "the contract has no such method and path"


class Postman(Official):
    """The requests of one collection; a version in front of the path is not part of it."""

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        content = json.loads((folder / self.path).read_text(encoding="utf-8"))
        asked = re.sub(r"^/v\d+\.\d+/", "/", path)
        requests = [one["request"] for one in _requests(content["item"])]
        same = [one for one in requests if one["method"] == request.method and matches(_template(one), asked)]
        if not same:
            yield "the collection has no such method and path"
            return
        known = EVERYWHERE | {name for one in same for name in _names(one)}
        form = httpx.QueryParams(request.content.decode("utf-8", "replace"))
        if "json" in request.headers.get("Content-Type", ""):
            form = httpx.QueryParams(dict.fromkeys(json.loads(request.content), ""))
        for name in {**dict(request.url.params), **dict(form)}:
            if name not in known:
                yield f"the collection does not know {name} there"
        variables = {one["key"]: one.get("value") or "" for one in content.get("variable", ())}
        fields = {field for one in requests for field in _fields(one, variables)}
        asked_for = _split(request.url.params.get("fields", ""))
        yield from (f"the collection does not know the field {name}" for name in sorted(asked_for - fields))
        if response is not None and response.status_code < 400 and asked_for:
            yield from _answer(json.loads(response.content), asked_for)


def _answer(answer: Any, asked_for: set[str]) -> Iterator[str]:
    """Nothing comes but what was asked for."""
    for entry in answer.get("data", [answer]) if isinstance(answer, dict) else []:
        unasked = set(entry) - asked_for - {"id", "paging"} if isinstance(entry, dict) else {"not an object"}
        yield from (f"the answer has {name}, which was not asked for" for name in sorted(unasked))


def _listed(content: Any) -> Iterator[tuple[str, str]]:
    endpoints = content["endpoints"] if isinstance(content, dict) else content
    for entry in endpoints.values() if isinstance(endpoints, dict) else endpoints:
        if isinstance(entry, str):
            yield "", entry.removesuffix(".json")
        elif isinstance(entry, dict):
            yield entry["method"], entry["path"]
        else:
            yield entry[0], entry[1]


def _requests(items: Any) -> Iterator[Any]:
    for item in items:
        if "item" in item:
            yield from _requests(item["item"])
        else:
            yield item


def _template(request: Any) -> str:
    # "me" stands for whoever asks, and may be said by id.
    parts = [part for part in request["url"]["path"] if part]
    return "/".join("{id}" if part == "me" or part.startswith("{{") else part for part in parts)


def _names(request: Any) -> Iterator[str]:
    yield from (entry["key"] for entry in request["url"].get("query", ()))
    yield from (entry["key"] for entry in (request.get("body") or {}).get("urlencoded", ()))


def _fields(request: Any, variables: Mapping[str, str]) -> set[str]:
    values = [entry.get("value") or "" for entry in request["url"].get("query", ()) if entry["key"] == "fields"]
    return {field for value in values for field in _split(variables.get(value.strip("{}"), value))}


def _split(value: str) -> set[str]:
    """The outer names of a list of fields, without what is in braces."""
    while (bare := re.sub(r"\{[^{}]*\}|\([^()]*\)", "", value)) != value:
        value = bare
    return {name.strip() for name in value.split(",") if name.strip() and not name.strip().startswith("{")}
