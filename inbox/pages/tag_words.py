"""The tags as people read them, for pages that put them into sentences."""

from flask_babel import gettext

from inbox.labels.models import Tag


def tag_words() -> dict[Tag, str]:
    """The word for each tag in the reader's language."""
    return {
        Tag.QUESTION: gettext("Question"),
        Tag.COMPLAINT: gettext("Complaint"),
        Tag.IDEA: gettext("Idea"),
        Tag.TROLL: gettext("Troll"),
        Tag.OTHER: gettext("Other"),
        Tag.UNSURE: gettext("Unsure"),
    }
