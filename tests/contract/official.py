"""Holds what connectors ask, and what the recordings answer, against the platforms' official machine-readable contracts.

The contracts lie in the shared folder beside the checkout; without it nothing is checked, and the tests that are only about
this skip. A stage names its contract: `official = (OpenApi("discord/openapi.json"),)`.
"""

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def contracts_folder() -> Path | None:
    """Where the contracts lie, or None."""
    folder = Path(os.environ.get("TRELLIS_SHARED") or ROOT.parent / "shared") / "contracts"
    return folder if folder.is_dir() else None


class Official(ABC):
    """One contract, for the requests below the address `at`.

    `beyond` names paths (as the contract would write them) that the platform has and its contract lacks, with the reason.
    """

    def __init__(self, path: str, *, at: str = "", beyond: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.at = at.rstrip("/")
        self.beyond = dict(beyond or {})

    def covers(self, folder: Path, request: httpx.Request) -> bool:
        """Whether this contract is the one to ask about the request."""
        address = str(request.url.copy_with(query=None, fragment=None))
        return address.startswith(self.begins(folder))

    def begins(self, folder: Path) -> str:
        """How the addresses begin that the contract is about."""
        return self.at

    def check(self, folder: Path, request: httpx.Request, response: httpx.Response | None) -> list[str]:
        """What is wrong with the request, and with the response if one is given."""
        where = f"{request.method} {request.url.path}"
        path = str(request.url.copy_with(query=None, fragment=None)).removeprefix(self.begins(folder))
        if any(matches(known, path) for known in self.beyond):
            return []
        return [f"{where}: {problem} ({self.path})" for problem in self.problems(folder, request, path, response)]

    @abstractmethod
    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        """What is wrong; `path` is the address behind `at`."""


def matches(template: str, path: str) -> bool:
    """Whether the path is one of the template's, whose `{names}` stand for a segment each, or for a part of one."""
    return _pattern(template.strip("/")).fullmatch(path.strip("/")) is not None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, re.split(r"\{[^{}]*\}", template))))


def check_all(officials: Sequence[Official], request: httpx.Request, response: httpx.Response | None) -> list[str]:
    """What the contracts say against a request and, if given, its response; nothing where the contracts are not here."""
    folder = contracts_folder()
    if folder is None or not officials:
        return []
    covering = [official for official in officials if official.covers(folder, request)]
    if not covering:
        return [f"{request.method} {request.url}: no contract of this stage is about it"]
    return [problem for official in covering for problem in official.check(folder, request, response)]


def body_of(request: httpx.Request) -> Any:
    """The request's form as single values, as httpx wrote it."""
    return dict(httpx.QueryParams(request.content.decode("utf-8", "replace")))
