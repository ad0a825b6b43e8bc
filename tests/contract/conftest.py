"""Gives each contract test its platform."""

from collections.abc import Iterator

import pytest

from tests.contract.stages import STAGES, Stage
from tests.contract.traits import Trait, need


@pytest.fixture(params=sorted(STAGES))
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A platform played from recordings, once per stage; tests marked `needs(trait, …)` skip where one is lacking.

    Whatever the connector asked for meanwhile must be as the platform's official contract has it.
    """
    played = STAGES[request.param](monkeypatch)
    traits: list[Trait] = [trait for mark in request.node.iter_markers("needs") for trait in mark.args]
    need(played, *traits)
    yield played
    assert not played.violations, "\n".join(dict.fromkeys(played.violations))
