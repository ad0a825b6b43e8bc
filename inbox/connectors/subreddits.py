"""Names of subreddits, as somebody typed them into one field. For both ways to read Reddit."""

import re
from typing import Annotated

from pydantic import AfterValidator

from inbox.connectors.contract import N_
from inbox.connectors.watch_words import watch_words


def subreddits(typed: str) -> str:
    """The bare names, separated by commas. Raises ValueError for what is none."""
    found = [word.removeprefix("/").removeprefix("r/").rstrip("/") for word in watch_words(typed)]
    if not all(re.fullmatch(r"[A-Za-z0-9_]{2,24}", word) for word in found):
        raise ValueError(N_("is not the name of a subreddit"))
    return ", ".join(found)


Subreddits = Annotated[str, AfterValidator(subreddits)]
