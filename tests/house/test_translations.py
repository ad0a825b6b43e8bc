"""German and English are complete: every sentence on a screen has both, with the same gaps to fill."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, nodes
from jinja2.ext import InternationalizationExtension

from inbox.connectors import errors

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "inbox" / "translations"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "pgettext": ((1, "c"), 2), "lazy_gettext": None}
# What these are given is shown to a person: on a channel's page, beside an answer, in the quarantine.
TOLD = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)} | {
    "BadItem", "BadRequest", "Forbidden", "NotAFeed", "Outcome", "Spent", "Unreadable", "failure", "kind", "made"
}  # fmt: skip
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


def test_no_imported_template_keeps_the_words_of_its_first_reader() -> None:
    loader = FileSystemLoader(ROOT / "templates")
    jinja = Environment(loader=loader, extensions=[InternationalizationExtension])
    parsed = {name: jinja.parse(loader.get_source(jinja, name)[0]) for name in loader.list_templates()}
    imported = {name for template in parsed.values() for name in _imported(template)}
    assert "components/button.html" in imported
    outside = [part for name in imported for part in parsed[name].body if not isinstance(part, nodes.Macro)]
    called = [call.node for part in outside for call in part.find_all(nodes.Call)]
    assert not [name for name in called if isinstance(name, nodes.Name) and name.name in KEYWORDS]


def _imported(template: nodes.Template) -> Iterator[str]:
    # With context they are read anew each time.
    yield from (each.template.as_const() for each in template.find_all(nodes.FromImport) if not each.with_context)
    yield from (each.template.as_const() for each in template.find_all(nodes.Import) if not each.with_context)


def test_what_a_person_is_told_can_be_translated() -> None:
    unmarked = [place for folder in ("connectors", "channels", "outbox", "trackers") for place in _unmarked(folder)]
    assert not unmarked


def _unmarked(folder: str) -> Iterator[str]:
    # Elsewhere a ValueError is a mistake of ours; in connectors it says what is wrong with a setting or an item.
    tellers = TOLD | {"ValueError"} if folder == "connectors" else TOLD
    for path in sorted((ROOT / "inbox" / folder).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in tellers:
                given = [*node.args[:2], *(word.value for word in node.keywords if word.arg == "reason")]
                yield from (f"{path.name}:{each.lineno}" for each in given if _is_plain_words(each))


def _is_plain_words(given: ast.expr) -> bool:
    # A single word is the name of a field or a header, not a sentence.
    return isinstance(given, ast.JoinedStr) or (isinstance(given, ast.Constant) and " " in str(given.value))


def read(language: str) -> Catalog:
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        pytest.skip(f"there is no catalogue for {language} yet")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def strings(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, tuple | list) else [str(value or "")]
