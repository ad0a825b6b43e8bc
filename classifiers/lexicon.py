"""Words by what they tell of: trouble, judgements, insults, groups of people, wishes. Written by hand, in German and English.

`lexicon/` has a file for each language with blocks `[name]` of words parted by blanks, as `clean` leaves them; a trailing *
stands for any ending. A word may stand in several blocks. `turns` counts them beside the turns of phrase of `cues`.
"""

from pathlib import Path

FOLDER = Path(__file__).parent / "lexicon"
BLOCKS = (
    "trouble", "bad", "good", "thanks", "insult", "vulgar", "group", "violence", "change", "ought", "asking", "negation",
    "strong", "software", "neutral news",
)  # fmt: skip


def read_lexicon() -> dict[str, list[str]]:
    """The words of each of BLOCKS, of all languages together. Raises KeyError for a block of another name."""
    found: dict[str, list[str]] = {block: [] for block in BLOCKS}
    for path in sorted(FOLDER.glob("*.txt")):
        for part in path.read_text("utf-8").split("[")[1:]:
            block, words = part.split("]")
            found[block] += words.split()
    return found
