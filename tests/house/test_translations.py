"""German and English are complete: every sentence on a screen has both, with the same gaps to fill."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "inbox" / "translations"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "pgettext": ((1, "c"), 2), "lazy_gettext": None}
GAP = re.compile(r"%\(\w+\)[a-z]|%[sd]")


@pytest.fixture(scope="module")
def sentences() -> set[str]:
    """Every msgid in the code and the templates."""
    found = set()
    for folder in ("inbox", "templates"):
        for name, _, msgid, _, _ in extract_from_dir(
            ROOT / folder,
            method_map=[("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")],
            options_map={"**.html": {"silent": "false"}, "**.txt": {"silent": "false"}},
            keywords=KEYWORDS,
        ):
            assert name
            found.add(msgid[-2] if isinstance(msgid, tuple) and len(msgid) > 1 else msgid)
    return {sentence for sentence in found if isinstance(sentence, str) and sentence}


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_sentence_is_translated(language: str, sentences: set[str]) -> None:
    catalogue = read(language)
    known = {
        message.id[0] if isinstance(message.id, tuple) else message.id: message for message in catalogue if message.id
    }
    assert not sorted(sentences - known.keys()), "not in the catalogue"
    # English sentences are their own translation; only their plurals and gaps are looked at.
    if language == "de":
        empty = [sentence for sentence in sentences if not all(strings(known[sentence].string))]
        assert not sorted(empty), "without translation"
    assert not [message.id for message in known.values() if message.fuzzy and message.id], "marked fuzzy"


@pytest.mark.parametrize("language", ["de", "en"])
def test_translations_keep_the_gaps(language: str) -> None:
    wrong = [
        message.id
        for message in read(language)
        if message.id and all(strings(message.string))
        for translated in strings(message.string)
        if not set(GAP.findall(translated)) <= set(GAP.findall(" ".join(strings(message.id))))
    ]
    assert not wrong


def read(language: str) -> Catalog:
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        pytest.skip(f"there is no catalogue for {language} yet")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def strings(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, tuple | list) else [str(value or "")]
