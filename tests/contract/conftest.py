"""Gives each contract test its platform."""

import pytest

from tests.contract.stages import STAGES, Stage


@pytest.fixture(params=sorted(STAGES))
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A platform played from recordings; once per kind, or the one named by `indirect`."""
    return STAGES[request.param](monkeypatch)
