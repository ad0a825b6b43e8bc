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

import httpx

_NAME = re.compile(r"\{([^{}]*)\}")
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


def filled(template: str, path: str) -> dict[str, str]:
    """What stands in a path, that is one of the template's, for each of its names."""
    found = _pattern(template.strip("/")).fullmatch(path.strip("/"))
    return dict(zip(_NAME.findall(template), found.groups() if found else (), strict=False))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    # Every second part is a name.
    return re.compile("([^/]+)".join(re.escape(part) for part in _NAME.split(template)[::2]))


def check_all(officials: Sequence[Official], request: httpx.Request, response: httpx.Response | None) -> list[str]:
    """What the contracts say against a request and, if given, its response; nothing where the contracts are not here."""
    folder = contracts_folder()
    if folder is None or not officials:
        return []
    covering = [official for official in officials if official.covers(folder, request)]
    if not covering:
        return [f"{request.method} {request.url}: no contract of this stage is about it"]
    # The contract of a part knows more than that of the whole; of several for one part, one must know the request.
    closest = max(len(official.begins(folder)) for official in covering)
    told = [
        official.check(folder, request, response) for official in covering if len(official.begins(folder)) == closest
    ]
    return min(told, key=len)
