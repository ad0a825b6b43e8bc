"""Why a verb on a conversation said no, in words that a page translates and shows."""

from typing import Any


class Refusal(ValueError):
    """`words` is an English message id and `values` what goes into it; nothing has been changed."""

    def __init__(self, words: str, **values: Any) -> None:
        super().__init__(words % values if values else words)
        self.words = words
        self.values = values
