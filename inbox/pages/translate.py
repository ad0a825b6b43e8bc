"""Says in the reader's language why something failed or was refused. Pages and templates (`| translated`) call it."""

from flask_babel import gettext

from inbox.sentence import Sentence


def translate(told: str) -> str:
    """A sentence with all that stands in its gaps; other text is the platform's own and stays, unless it is a msgid."""
    if not isinstance(told, Sentence) or not told.values:
        return str(gettext(told)) if told else ""
    gaps = {name: translate(value) if isinstance(value, Sentence) else value for name, value in told.values.items()}
    return str(gettext(told.words)) % gaps
