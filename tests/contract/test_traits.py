"""What is left out, and why: one line per platform and trait, so that nothing is left out silently."""

import pytest

from tests.contract.stages import STAGES
from tests.contract.traits import ALL, Trait, lacks, polled


@pytest.mark.parametrize("trait", ALL, ids=lambda trait: trait.__name__)
@pytest.mark.parametrize("name", sorted(STAGES))
def test_what_a_platform_lacks_has_a_reason(name: str, trait: Trait) -> None:
    reason = lacks(STAGES[name], trait)
    if reason:
        pytest.skip(f"{name}: {reason}")


@pytest.mark.parametrize("trait", [trait for trait in ALL if trait is not polled], ids=lambda trait: trait.__name__)
def test_every_trait_is_tried_on_some_platform(trait: Trait) -> None:
    assert any(not lacks(stage, trait) for stage in STAGES.values())
