"""Gives each contract test its platforms: those that have what the test is about."""

from collections.abc import Iterator

import pytest

from tests.contract.stages import STAGES, Stage
from tests.contract.traits import Trait, lacks


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked `needs(trait, …)` is about the stages with all of these; `test_traits.py` says why others lack one."""
    if "stage" in metafunc.fixturenames:
        traits: list[Trait] = [trait for mark in metafunc.definition.iter_markers("needs") for trait in mark.args]
        fitting = [name for name, stage in sorted(STAGES.items()) if not any(lacks(stage, trait) for trait in traits)]
        metafunc.parametrize("stage", fitting, indirect=True)


@pytest.fixture
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A platform played from recordings. What its connector asks for must be as the platform's official contract has it."""
    played = STAGES[request.param](monkeypatch)
    yield played
    assert not played.violations, "\n".join(dict.fromkeys(played.violations))
