"""Words and hashtags to watch for, as somebody typed them into one field. For the connectors that search."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator

from inbox.connectors.contract import N_

MOST = 20
LONGEST = 100
PREFIX = "watch:"


def watch_words(typed: str) -> list[str]:
    """The words between commas, each once, in order. Raises ValueError when there are too many or one is too long."""
    words = list(dict.fromkeys(filter(None, (" ".join(word.split()) for word in typed.split(",")))))
    if len(words) > MOST:
        raise ValueError(N_("has more than 20 words; connect a second channel for the others"))
    if any(len(word) > LONGEST for word in words):
        raise ValueError(N_("has a word of more than 100 characters"))
    return words


def each_once(typed: str) -> str:
    """The same words as one field again. Raises ValueError as `watch_words` does."""
    return ", ".join(watch_words(typed))


def stream_names(typed: str) -> Sequence[str]:
    """A stream's name for each word."""
    return [PREFIX + word for word in watch_words(typed)]


def word_of(stream: str) -> str:
    """The word that a stream watches for; empty for other streams."""
    return stream[len(PREFIX) :] if stream.startswith(PREFIX) else ""


WordList = Annotated[str, AfterValidator(each_once)]
