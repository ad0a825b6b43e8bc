"""Why a verb on an idea said no, in words that a page translates and shows."""


class IdeaRefused(Exception):
    """The wish does not fit the idea as it stands. The text is an English message id."""
