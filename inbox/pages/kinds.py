"""The kinds of channels as somebody chooses among them: in groups, each with a line about it and a picture, found by typing."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask_babel import gettext

from inbox.channels.setup import about_of, channel_kinds, group_of
from inbox.connectors.contract import N_, Group

GROUPS = {
    Group.MAIL: N_("Mail, feeds, files"),
    Group.SOCIAL: N_("Social networks"),
    Group.CHAT: N_("Chats and messengers"),
    Group.FORUM: N_("Forums and comments"),
    Group.REVIEWS: N_("Reviews"),
    Group.ISSUES: N_("Issues and discussions"),
}
SPRITE = Path(__file__).parent.parent / "static" / "sprite.svg"


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind to choose, in the reader's language."""

    kind: str
    label: str
    about: str


def grouped(words: str = "") -> dict[str, list[Choice]]:
    """The kinds by group, those alone that `words` occur in; groups without any are left out."""
    groups: dict[Group, list[Choice]] = {group: [] for group in GROUPS}
    for kind, label in channel_kinds().items():
        choice = Choice(kind, gettext(label), gettext(about_of(kind)))
        if _fits(choice, words):
            groups[group_of(kind)].append(choice)
    return {gettext(GROUPS[group]): choices for group, choices in groups.items() if choices}


def picture_of(kind: str) -> str:
    """The name of the symbol that stands for a kind: its own where one is drawn, else its group's."""
    if kind in symbols():
        return kind
    try:
        return group_of(kind)
    except KeyError:
        # A channel stays readable when a later version has given up its kind.
        return "channel"


@cache
def symbols() -> frozenset[str]:
    """The names of all that is drawn in the sprite."""
    return frozenset(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text(encoding="utf-8")))


def _fits(choice: Choice, words: str) -> bool:
    text = f"{choice.label} {choice.about} {choice.kind}".casefold()
    return all(word in text for word in words.casefold().split())
