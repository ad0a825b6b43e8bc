"""Contracts written as OpenAPI 3 (3.0 and 3.1) or Swagger 2: one file of JSON or YAML, or a tree of YAML files."""

from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.contract.official import Official


class Lexicons(Official):
    """One OpenAPI description."""

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        yield from ()
