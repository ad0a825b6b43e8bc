"""One answer of the tagger, and the reasons for one."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says about one text.

    `labels` holds a calibrated probability for each of the four tags. `tags` are those at or above their threshold
    for being suggested, the most probable first; `primary` is the first of them, else `other` or `unsure`. `lang` is
    an ISO 639 code, `und` where the text is too little to tell. `lanes` says of each label that may hold whether it
    is certain enough to be set (`automatic`), to be proposed (`suggest`) or only to be asked about (`ask`).
    """

    labels: dict[str, float]
    primary: str
    tags: tuple[str, ...]
    lang: str
    lanes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What each word adds to the log-odds of each label, exactly: `start[label]`, all shares of `words[label]` and
    `manner[label]` add up to the label's score.

    Words stand in the order of the text, as `clean` leaves them, once for each time they occur. `manner` is what the
    way of writing says as a whole: how long, how loud; with a second look, also what the text means as a whole.
    """

    words: Mapping[str, list[tuple[str, float]]]
    manner: Mapping[str, float]
    start: Mapping[str, float]
    lang: str
    version: str
