"""Adapters as bytes without pickle, sealed by a checksum: for a column of the database. Reading runs nothing in them."""

import hashlib
import json
import zlib
from collections.abc import Sequence

import numpy as np

from classifiers.adapt import ADAPTED_BITS, Adapter
from classifiers.features import FEATURES_VERSION
from classifiers.store import Model, ModelRefused
from classifiers.tags import LANGUAGES, Tag

FORMAT = b"trellis adapter 1\n"
_SEAL = 32
_MOST_ABOUT = 100_000


def write_adapters(adapters: Sequence[Adapter]) -> bytes:
    """The adapters as bytes, their weights as half precision."""
    about = {
        "features": FEATURES_VERSION,
        "adapters": [
            {"base": each.base, "lang": each.lang, "heads": list(each.heads), "suggest": dict(each.suggest)}
            for each in adapters
        ],
    }
    rows = [
        part.astype(np.float16).tobytes()
        for each in adapters
        for part in (each.start[None], each.cues, each.words, each.letters)
    ]
    content = zlib.compress(json.dumps(about, sort_keys=True).encode() + b"\n" + b"".join(rows), 9)
    return FORMAT + hashlib.sha256(content).digest() + content


def read_adapters(written: bytes, model: Model) -> tuple[Adapter, ...]:
    """The adapters in the bytes, for this model. Raises ModelRefused, with one sentence, for anything else."""
    seal, content = written[len(FORMAT) : len(FORMAT) + _SEAL], written[len(FORMAT) + _SEAL :]
    if not written.startswith(FORMAT) or hashlib.sha256(content).digest() != seal:
        raise ModelRefused("What was learned is damaged: its checksum does not fit.")
    sizes = [1, len(model.cues), 2**ADAPTED_BITS, 2**ADAPTED_BITS]
    try:
        # No more than is expected: few bytes can claim to hold very many.
        most = _MOST_ABOUT + sum(sizes) * len(Tag) * len(LANGUAGES) * 2
        line, _, weights = zlib.decompressobj().decompress(content, most).partition(b"\n")
        about = json.loads(line)
        found, rest = [], np.frombuffer(weights, np.float16).reshape(-1, len(Tag)).astype(np.float32)
        if about["features"] != FEATURES_VERSION or not np.isfinite(rest).all():
            raise ValueError("features or weights")
        for each, rows in zip(about["adapters"], np.split(rest, len(about["adapters"])), strict=True):
            if each["base"] != model.version:
                raise ModelRefused(f"What was learned is for the model {each['base']}, and this is {model.version}.")
            if (
                each["lang"] not in LANGUAGES
                or tuple(each["heads"]) != tuple(Tag)
                or not set(each["suggest"]) <= set(Tag)
            ):
                raise ValueError("lang or heads")
            suggest = {head: float(threshold) for head, threshold in each["suggest"].items()}
            start, cues, words, letters = np.split(rows, np.cumsum(sizes[:-1]))
            heads = tuple(each["heads"])
            found.append(Adapter(model.version, each["lang"], heads, words, letters, cues, start.reshape(-1), suggest))
        return tuple(found)
    except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError, zlib.error) as error:
        raise ModelRefused("What was learned is not in a form that this Trellis can read.") from error


def version_of(base: str, written: bytes) -> str:
    """Names a model that was adapted by these bytes."""
    return f"{base}+{hashlib.sha256(written).hexdigest()[:10]}"
