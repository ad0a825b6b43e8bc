"""Why a moderation act is not possible, in words that a page translates and shows."""


class ActRefused(ValueError):
    """The text is an English message id; nothing has been changed."""
