"""Writes the text of an issue from an idea card, in Markdown in which a stranger's words stay mere words."""

import re

from inbox.connectors.tracker_contract import IdeaCard
from inbox.text import storable

TITLE_LIMIT = 250
BODY_LIMIT = 60_000
_MARKUP = re.compile(r"([\\`*_\[\]<>|~!&])")
_LIST = re.compile(r"^(\d+)?([.)+-])")
# An invisible space keeps "@name", "#12" and addresses from telling people and issues elsewhere about this one.
_CALLS = re.compile(r"(@|#)(?=\w)|(:)(?=//)")
WORDS = {
    "en": {
        "nobody": "Nobody outside has asked for this yet.",
        "one": "**One person asks for this.**",
        "many": "**{people} people ask for this.**",
        "said": "In their words:",
        "somebody": "somebody",
        "source": "source",
        "back": "This idea in Trellis, with all quotes",
        "team": "For {team}",
    },
    "de": {
        "nobody": "Von außen hat das noch niemand gewünscht.",
        "one": "**Eine Person wünscht sich das.**",
        "many": "**{people} Personen wünschen sich das.**",
        "said": "In ihren Worten:",
        "somebody": "jemand",
        "source": "Quelle",
        "back": "Diese Idee in Trellis, mit allen Zitaten",
        "team": "Für {team}",
    },
}


def write_body(card: IdeaCard) -> str:
    """Summary, how many ask, quotes with their sources, and the way back; at most 60,000 characters."""
    words = WORDS.get(card.language, WORDS["en"])
    asked = words["nobody" if card.people == 0 else "one" if card.people == 1 else "many"].format(people=card.people)
    parts = [storable(card.summary, 20_000).strip(), asked]
    if card.quotes:
        parts.append(words["said"])
    for said, author, address in card.quotes:
        name = f"— {mere_words(author) or words['somebody']}"
        link = f", [{words['source']}](<{_target(address)}>)" if _target(address) else ""
        parts.append("\n".join(f"> {line}" for line in [*mere_words(said).splitlines(), "", name + link]))
    back = f"[{words['back']}](<{_target(card.back_url)}>)"
    team = words["team"].format(team=mere_words(card.team)) + " · " if card.team else ""
    # The way back is kept whatever has to be cut.
    return "\n\n".join(part for part in parts if part)[:BODY_LIMIT] + f"\n\n{team}{back}"


def mere_words(text: str) -> str:
    """`text` so that Markdown shows it as it is and nobody is called by it."""
    lines = storable(text, 5_000).splitlines()
    escaped = (_LIST.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", line.strip())) for line in lines)
    return "\n".join(_CALLS.sub("\\g<0>\u200b", line) for line in escaped)


def _target(address: str) -> str:
    return address if re.fullmatch(r"https?://[^\s<>\\]+", address) else ""
