"""Tagging, bounded by what turning the same texts into numbers takes alone."""

from bench.figure import Figure, seconds
from bench.messages import written
from classifiers.clean import clean
from classifiers.features import read_features
from classifiers.tagger import load_tagger


def classify(number: int) -> list[Figure]:
    """Texts a second of the tagger in batches, in one process."""
    texts = [message.text for message in written(number)]
    tagger = load_tagger()
    tagger.tag(texts[:500])
    cleaned = [clean(text) for text in texts]
    bound = seconds(lambda: [chunk.size for chunk in read_features(cleaned, [0.0] * len(cleaned))])
    return [Figure("classify", number / seconds(lambda: tagger.tag(texts)), "messages/s", number / bound)]
