"""What one inbox has taught: small changes to a shipped model, which itself stays as it is.

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
from classifiers.tags import LANGUAGES

Floats = NDArray[np.float32]

ADAPTED_BITS = 15
"""Far fewer n-grams are met in corrections than in training, so neighbours in the model's tables share a weight."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """Changes for the model of version `base`, one column per head of `heads`; all zero changes nothing.

    `words`, `letters` and `cues` are added to the model's weights (`words` and `letters` before rarity); `starts`, a row
    for any language and one for each of LANGUAGES, to what a text begins with. `suggest` are the thresholds, by head and
    language, that the corrections speak for.
    """

    base: str
    version: str
    heads: tuple[str, ...]
    words: Floats
    letters: Floats
    cues: Floats
    starts: Floats
    suggest: Mapping[str, Mapping[str, float]]


def adapt(model: Model, adapter: Adapter) -> Model:
    """The model as the adapter changes it. Raises ModelRefused when the adapter was made for another model."""
    if adapter.base != model.version or not set(adapter.heads) <= set(model.heads):
        raise ModelRefused(
            f"The adapter {adapter.version} was made for the model {adapter.base}, and this is {model.version}."
        )
    columns = [model.heads.index(head) for head in adapter.heads]
    cues, bias = model.cues.copy(), model.bias.copy()
    cues[:, columns] += adapter.cues
    bias[columns] += adapter.starts[0]
    return replace(
        model,
        version=adapter.version,
        words=_table(model.words, adapter.words, columns),
        letters=_table(model.letters, adapter.letters, columns),
        cues=cues,
        bias=bias,
        calibration=model.calibration | {head: _curves(model, adapter, head) for head in adapter.heads},
        lanes=model.lanes | {head: _lanes(model, adapter, head) for head in adapter.heads},
    )


def fold(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places in a model's table as places in an adapter's."""
    return places >> (BITS - ADAPTED_BITS)


def _table(table: Floats, changes: Floats, columns: list[int]) -> Floats:
    found, rarity = table.copy(), np.sqrt(table[:, -1:])
    found[:, columns] += np.repeat(changes, 2 ** (BITS - ADAPTED_BITS), axis=0) * rarity
    return found


def _curves(model: Model, adapter: Adapter, head: str) -> dict[str, tuple[float, float]]:
    curves, column = dict(model.calibration[head]), adapter.heads.index(head)
    for lang, starts in zip(LANGUAGES, adapter.starts[1:], strict=True):
        slope, intercept = curves.get(lang, curves["*"])
        curves[lang] = slope, intercept + slope * float(starts[column])
    return curves


def _lanes(model: Model, adapter: Adapter, head: str) -> dict[str, Lane]:
    lanes = dict(model.lanes[head])
    for lang, suggest in adapter.suggest.get(head, {}).items():
        before = lanes[lang]
        lanes[lang] = Lane(max(before.automatic, suggest), suggest, min(before.doubt, suggest))
    return lanes
