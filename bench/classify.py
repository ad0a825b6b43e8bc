"""Tagging: in batches, one message alone, the reasons for a tag, loading, and learning from nothing.

Batches are bounded by what turning the same texts into numbers takes alone, the others by what was promised.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.figure import Figure, seconds
from bench.messages import written
from classifiers.clean import clean
from classifiers.embedding import available
from classifiers.examples import read_manifest, training_examples, unlabelled_texts
from classifiers.features import read_features
from classifiers.fit import fit
from classifiers.tagger import load_tagger

BATCH_MICROSECONDS, ALONE_MS, REASONS_MS, LOAD_SECONDS, LEARN_SECONDS = 150.0, 5.0, 2.0, 0.5, 300.0
_LOAD = "import time; b = time.perf_counter(); from classifiers.tagger import load_tagger; load_tagger(); print(time.perf_counter() - b)"


def classify(number: int) -> list[Figure]:
    """Figures of one process on one core. Learning is measured where TRELLIS_TRAINING_DATA names the labelled sets."""
    texts = [message.text for message in written(number)]
    tagger = load_tagger()
    tagger.tag(texts[:500])
    cleaned = [clean(text) for text in texts]
    bound = seconds(lambda: [chunk.size for chunk in read_features(cleaned, [0.0] * len(cleaned))])
    taken = seconds(lambda: tagger.tag(texts))
    figures = [
        Figure("classify", number / taken, "messages/s", number / bound),
        Figure("classify, each of a batch", taken / number * 1e6, "µs", BATCH_MICROSECONDS),
        Figure("classify, one alone", _milliseconds(lambda text: tagger.tag([text]), texts), "ms", ALONE_MS),
        Figure("classify, reasons", _milliseconds(tagger.reasons, texts), "ms", REASONS_MS),
        Figure("classify, load", _load(), "s", LOAD_SECONDS),
    ]
    if available():
        second = load_tagger(second_look=True)
        second.tag(texts[:100])
        some = texts[: number // 10]
        again = seconds(lambda: second.tag(some)) / len(some)
        figures.append(Figure("classify, each of a batch, looking twice", again * 1e6, "µs", taken / number * 1e6))
    folder = Path(os.environ.get("TRELLIS_TRAINING_DATA", "training-data"))
    if folder.is_dir():
        figures.append(Figure("classify, learn from nothing", seconds(lambda: _learn(folder)), "s", LEARN_SECONDS))
    return figures


def _milliseconds(one: Callable[[str], Any], texts: Sequence[str]) -> float:
    return statistics.median(seconds(lambda text=text: one(text)) for text in texts[:500]) * 1000  # type: ignore[misc]


def _load() -> float:
    taken = [
        subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, text=True, check=True) for _ in range(3)
    ]
    return min(float(one.stdout) for one in taken)


def _learn(folder: Path) -> None:
    manifest = read_manifest()
    fit(training_examples(folder, manifest), manifest, lambda _told: None, unlabelled_texts(folder, manifest))
