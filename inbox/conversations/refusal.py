"""Why a verb on a conversation said no, in words that a page translates and shows."""

from inbox.sentence import Sentence


class Refusal(ValueError):
    """Its text is a sentence for the person who asked; nothing has been changed."""

    def __init__(self, told: Sentence) -> None:
        super().__init__(told)
