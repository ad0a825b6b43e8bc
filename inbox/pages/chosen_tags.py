"""The tags that a person chose in a form of `components/choices.html`."""

from flask import request

from inbox.labels.models import Tag

NOTHING = ""  # no tag: labels/correct refuses it with the reason


def chosen_tags() -> list[str]:
    """The button's tag first, then those ticked beside it; "none of these" takes none of them along.

    The button for what is ticked names no tag of its own.
    """
    pressed = [tag for tag in request.form.getlist("tag") if tag]
    return pressed if Tag.OTHER in pressed else [*pressed, *request.form.getlist("also")] or [NOTHING]
