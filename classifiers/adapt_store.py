"""An adapter as bytes without pickle, sealed by a checksum: for a column of the database. Reading runs nothing in it."""

import hashlib
import json
import zlib

import numpy as np

from classifiers.adapt import ADAPTED_BITS, Adapter
from classifiers.features import FEATURES_VERSION
from classifiers.store import Model, ModelRefused
from classifiers.tags import LANGUAGES, Tag

FORMAT = b"trellis adapter 1\n"
_SEAL = 32
_MOST_ABOUT = 100_000


def write_adapter(adapter: Adapter) -> bytes:
    """The adapter's bytes, its weights as half precision."""
    about = {
        "base": adapter.base,
        "version": adapter.version,
        "features": FEATURES_VERSION,
        "heads": list(adapter.heads),
        "suggest": {head: dict(found) for head, found in adapter.suggest.items()},
    }
    parts = (adapter.starts, adapter.cues, adapter.words, adapter.letters)
    weights = b"".join(part.astype(np.float16).tobytes() for part in parts)
    content = zlib.compress(json.dumps(about, sort_keys=True).encode() + b"\n" + weights, 9)
    return FORMAT + hashlib.sha256(content).digest() + content


def read_adapter(written: bytes, model: Model) -> Adapter:
    """The adapter in the bytes, for this model. Raises ModelRefused, with one sentence, for anything else."""
    seal, content = written[len(FORMAT) : len(FORMAT) + _SEAL], written[len(FORMAT) + _SEAL :]
    if not written.startswith(FORMAT) or hashlib.sha256(content).digest() != seal:
        raise ModelRefused("The adapter is damaged: its checksum does not fit.")
    sizes = [1 + len(LANGUAGES), len(model.cues), 2**ADAPTED_BITS, 2**ADAPTED_BITS]
    try:
        # No more than is expected: few bytes can claim to hold very many.
        plain = zlib.decompressobj().decompress(content, _MOST_ABOUT + sum(sizes) * len(model.heads) * 2)
        line, _, weights = plain.partition(b"\n")
        about = json.loads(line)
        heads = tuple(about["heads"])
        if (about["base"], about["features"]) != (model.version, FEATURES_VERSION):
            raise ModelRefused(f"The adapter was made for the model {about['base']}, and this is {model.version}.")
        rows = np.frombuffer(weights, np.float16).reshape(sum(sizes), len(heads)).astype(np.float32)
        if not set(heads) <= set(Tag) or not np.isfinite(rows).all():
            raise ValueError("heads or weights")
        starts, cues, words, letters = np.split(rows, np.cumsum(sizes[:-1]))
        suggest = {
            head: {lang: float(found) for lang, found in about["suggest"].get(head, {}).items() if lang in LANGUAGES}
            for head in heads
        }
        return Adapter(about["base"], str(about["version"]), heads, words, letters, cues, starts, suggest)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise ModelRefused("The adapter is not one that this Trellis can read.") from error
