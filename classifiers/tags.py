"""The words for an answer: the four tags a message can carry, and the two ways of carrying none."""

from enum import StrEnum


class Tag(StrEnum):
    """What a message is. More than one may hold at once."""

    QUESTION = "question"
    COMPLAINT = "complaint"
    IDEA = "idea"
    TROLL = "troll"


OTHER = "other"
"""No tag fits, and the model is sure of that: praise, small talk, news."""

UNSURE = "unsure"
"""The model does not know; a person decides."""

LANGUAGES = ("de", "en")
"""The languages in which the model was measured. In any other it answers `unsure`."""
