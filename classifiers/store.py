"""Keeps a model in one file without pickle: plain arrays and a description, sealed by a checksum.

The seal tells a damaged file from a whole one; it is no signature. Reading one runs nothing that it contains.
"""

import hashlib
import json
import zipfile
import zlib
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.features import BITS, FEATURES_VERSION
from classifiers.lanes import CurvePoint, Lane
from classifiers.second_look import WIDTH, SecondLook
from classifiers.tags import LANGUAGES, Tag
from classifiers.turns import NAMES

FORMAT = 3
MODELS = Path(__file__).parent / "models"
MOST_BYTES = 64_000_000
_ARRAYS = ("words", "letters", "cues", "bias", "meanings")
_SECOND = ("second_weights", "second_bias")
_MOST_KNOWN = 500_000

Floats = NDArray[np.float32]


class ModelRefused(Exception):
    """The file is no model of ours, is damaged, or was made for another version. Says which in one sentence."""


@dataclass(frozen=True, slots=True)
class Model:
    """Weights and what is needed to read their sums.

    `words` and `letters` have one column per head and a last one with the squared weight of the n-gram in the length
    of its text; `meanings` has one row per word whose hash is in `known`. `calibration[head][lang]` is (slope, intercept)
    of a logistic curve, `*` for any language; `lanes` are the thresholds for acting on a probability, `curves` what they
    gave on texts held out.
    """

    version: str
    heads: tuple[str, ...]
    words: Floats
    letters: Floats
    cues: Floats
    bias: Floats
    known: NDArray[np.uint64]
    meanings: Floats
    second: SecondLook | None
    calibration: dict[str, dict[str, tuple[float, float]]]
    lanes: dict[str, dict[str, Lane]]
    curves: dict[str, dict[str, list[CurvePoint]]]
    shares: dict[str, float]
    trained_on: dict[str, Any] = field(default_factory=dict)


def save_model(model: Model, path: Path) -> None:
    """Write the model to `path`, its weights as half precision; whole or not at all."""
    arrays = {name: getattr(model, name).astype(np.float16) for name in _ARRAYS}
    if model.second:
        arrays |= {"second_weights": model.second.weights.astype(np.float16)}
        arrays |= {"second_bias": model.second.bias.astype(np.float16)}
    about = {
        "format": FORMAT,
        "features": FEATURES_VERSION,
        "version": model.version,
        "heads": list(model.heads),
        "known": len(model.known),
        "second": model.second and model.second.blend,
        "calibration": model.calibration,
        "lanes": {head: {lang: astuple(lane) for lang, lane in found.items()} for head, found in model.lanes.items()},
        "curves": {
            head: {lang: [astuple(point) for point in points] for lang, points in found.items()}
            for head, found in model.curves.items()
        },
        "shares": model.shares,
        "trained_on": model.trained_on,
    }
    text = json.dumps(about, sort_keys=True, ensure_ascii=False)
    seal = _seal(text, arrays, model.known)
    beside = path.with_suffix(".part")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in (("about.json", text.encode()), ("seal.txt", seal.encode())):
            archive.writestr(_member(name), content)
        archive.writestr(_member("known.u64"), model.known.tobytes())
        for name, array in arrays.items():
            archive.writestr(_member(f"{name}.f16"), array.tobytes())
    beside.replace(path)


def load_model(path: Path) -> Model:
    """The model in `path`. Raises ModelRefused, with one sentence, for anything that `save_model` did not write whole."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ModelRefused(f"The model {path.name} is larger than {MOST_BYTES // 1_000_000} MB and was not read.")
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path.name)
    except FileNotFoundError as error:
        raise ModelRefused(f"There is no model at {path.name}; make one with `trellis train`.") from error
    except (
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        NotImplementedError,
        EOFError,
        RuntimeError,
    ) as error:
        raise ModelRefused(
            f"The file {path.name} is not a whole Trellis model; put back the one it came with."
        ) from error


def _read(archive: zipfile.ZipFile, name: str) -> Model:
    about = json.loads(_bytes(archive, "about.json", 1_000_000))
    if (about["format"], about["features"]) != (FORMAT, FEATURES_VERSION):
        raise ModelRefused(f"The model {name} was made for another version of Trellis; train it again.")
    heads = tuple(about["heads"])
    if not set(Tag) <= set(heads) or len(heads) > 20:
        raise ValueError("heads")
    shapes = {
        "words": (2**BITS, len(heads) + 1),
        "letters": (2**BITS, len(heads) + 1),
        "cues": (len(NAMES), len(heads)),
        "bias": (len(heads),),
        "meanings": (about["known"], len(heads)),
    }
    if about["second"]:
        shapes |= {"second_weights": (WIDTH, len(heads)), "second_bias": (len(heads),)}
    if not 0 <= about["known"] <= _MOST_KNOWN:
        raise ValueError("known")
    known = np.frombuffer(_bytes(archive, "known.u64", about["known"] * 8), dtype=np.uint64)
    arrays = {}
    for array, shape in shapes.items():
        size = int(np.prod(shape)) * 2
        arrays[array] = np.frombuffer(_bytes(archive, f"{array}.f16", size), dtype=np.float16).reshape(shape)
    text = json.dumps(about, sort_keys=True, ensure_ascii=False)
    if _bytes(archive, "seal.txt", 64).decode() != _seal(text, arrays, known):
        raise ModelRefused(f"The model {name} is damaged: its checksum does not fit; put back the one it came with.")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("weights")
    model = Model(
        version=str(about["version"]),
        heads=heads,
        known=known,
        **{array: arrays[array].astype(np.float32) for array in _ARRAYS},
        second=_second(about["second"], arrays),
        calibration={
            head: {lang: (float(slope), float(intercept)) for lang, (slope, intercept) in curves.items()}
            for head, curves in about["calibration"].items()
        },
        lanes={
            head: {lang: Lane(*map(float, lane)) for lang, lane in found.items()}
            for head, found in about["lanes"].items()
        },
        curves={
            head: {lang: [CurvePoint(*map(float, point)) for point in points] for lang, points in found.items()}
            for head, found in about["curves"].items()
        },
        shares={head: float(share) for head, share in about["shares"].items()},
        trained_on=dict(about["trained_on"]),
    )
    for head in heads:
        if not (set(LANGUAGES) <= set(model.lanes[head]) and set(LANGUAGES) <= set(model.curves[head])):
            raise ValueError(head)
        if "*" not in model.calibration[head] or head not in model.shares:
            raise ValueError(head)
        if model.second and not set(LANGUAGES) <= set(model.second.blend[head]):
            raise ValueError(head)
    return model


def _second(blend: Any, arrays: dict[str, NDArray[np.float16]]) -> SecondLook | None:
    if not blend:
        return None
    weights, bias = (arrays[name].astype(np.float32) for name in _SECOND)
    parts = {
        head: {lang: (float(own), float(other), float(start)) for lang, (own, other, start) in found.items()}
        for head, found in blend.items()
    }
    return SecondLook(weights, bias, parts)


def _bytes(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    # Read by hand up to what we expect: a small archive can claim to hold a huge file.
    with archive.open(name) as member:
        content = member.read(most + 1)
    if len(content) > most:
        raise ValueError(name)
    return content


def _member(name: str) -> zipfile.ZipInfo:
    # A fixed date: the same training gives the same file.
    member = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _seal(text: str, arrays: dict[str, NDArray[np.float16]], known: NDArray[np.uint64]) -> str:
    digest = hashlib.sha256(text.encode())
    digest.update(known.tobytes())
    for name in sorted(arrays):
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()
