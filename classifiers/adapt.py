"""What one inbox has taught about a language: small changes to a shipped model, which itself stays as it is.

An adapter is linear in what the model reads, so it melts into the model's own weights: an adapted model costs no more
time, and says as exactly why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifiers.features import BITS
from classifiers.lanes import Lane
from classifiers.store import Model, ModelRefused

Floats = NDArray[np.float32]

ADAPTED_BITS = 15
"""Far fewer n-grams are met in corrections than in training, so neighbours in the model's tables share a weight."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """Changes for the model of version `base` and texts in `lang`, one column per head of `heads`; zeros change nothing.

    `words`, `letters` and `cues` are added to the model's weights (`words` and `letters` before rarity), `start` to what
    a text begins with. `suggest` are the thresholds, by head, that the corrections speak for.
    """

    base: str
    lang: str
    heads: tuple[str, ...]
    words: Floats
    letters: Floats
    cues: Floats
    start: Floats
    suggest: Mapping[str, float]


def adapt(model: Model, adapter: Adapter) -> Model:
    """The model as the adapter changes it. Raises ModelRefused when the adapter was made for another model."""
    if adapter.base != model.version or not set(adapter.heads) <= set(model.heads):
        raise ModelRefused(f"What was learned is for the model {adapter.base}, and this is {model.version}.")
    columns = [model.heads.index(head) for head in adapter.heads]
    cues, bias = model.cues.copy(), model.bias.copy()
    cues[:, columns] += adapter.cues
    bias[columns] += adapter.start
    return replace(
        model,
        words=_table(model.words, adapter.words, columns),
        letters=_table(model.letters, adapter.letters, columns),
        cues=cues,
        bias=bias,
        lanes=model.lanes | {head: _lanes(model, adapter, head) for head in adapter.suggest},
    )


def fold(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places in a model's table as places in an adapter's."""
    return places >> (BITS - ADAPTED_BITS)


def _table(table: Floats, changes: Floats, columns: list[int]) -> Floats:
    found, rarity = table.copy(), np.sqrt(table[:, -1:])
    found[:, columns] += np.repeat(changes, 2 ** (BITS - ADAPTED_BITS), axis=0) * rarity
    return found


def _lanes(model: Model, adapter: Adapter, head: str) -> dict[str, Lane]:
    before, suggest = model.lanes[head][adapter.lang], adapter.suggest[head]
    lane = Lane(max(before.automatic, suggest), suggest, min(before.doubt, suggest))
    return {**model.lanes[head], adapter.lang: lane}
