"""One answer of the tagger."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says about one text.

    `labels` holds a calibrated probability for each of the four tags. `tags` are those at or above their threshold,
    the most probable first; `primary` is the first of them, else `other` or `unsure`. `lang` is an ISO 639 code,
    `und` where the text is too little to tell.
    """

    labels: dict[str, float]
    primary: str
    tags: tuple[str, ...]
    lang: str
