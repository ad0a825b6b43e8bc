"""Languages are named offline, with a benefit of the doubt for German and English."""

import pytest

from classifiers.clean import clean
from classifiers.language import UNKNOWN, language


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Wie kann ich mein Passwort ändern?", "de"),
        ("wo gibts die rechnung", "de"),
        ("SEIT GESTERN GEHT NICHTS MEHR", "de"),
        ("how do i reset my password", "en"),
        ("THIS IS BROKEN", "en"),
        ("@name https://example.org/de/seite Where is my order?", "en"),
        ("Bu uygulama çok güzel ama çalışmıyor", "tr"),
        ("Додаток не працює вже два дні", "uk"),
        ("Cette application ne fonctionne plus depuis hier", "fr"),
    ],
)
def test_languages_are_named(text: str, lang: str) -> None:
    assert language(clean(text)) == lang


@pytest.mark.parametrize("text", ["", "   ", "123 45", "😡😡", "https://example.org", "?!"])
def test_no_letters_no_language(text: str) -> None:
    assert language(clean(text)) == UNKNOWN


@pytest.mark.parametrize("expected", ["de", "de-AT", "DE_de"])
def test_a_hint_decides_for_a_single_word(expected: str) -> None:
    assert language(clean("Prima!"), expected) == "de"


def test_a_hint_does_not_overrule_a_clear_text() -> None:
    assert language(clean("Could you please tell me where I can find my invoice?"), "de") == "en"


@pytest.mark.parametrize("expected", ["", "not a language", "x" * 1000, "\x00"])
def test_a_nonsense_hint_is_no_hint(expected: str) -> None:
    assert language(clean("Where is my invoice, please?"), expected) == "en"


@pytest.mark.parametrize("text", ["ok " * 20, "asdf " * 40, "Hallo zusammen! " * 30, "The app is slow.\n" * 5_000])
def test_the_same_over_and_over_says_nothing(text: str) -> None:
    assert language(clean(text), "de") == UNKNOWN


def test_who_only_repeats_a_word_still_speaks() -> None:
    assert (
        language(clean("Nein nein nein nein nein, das geht so nicht, das kann ich nicht und das will ich nicht!"))
        == "de"
    )


def test_many_who_are_named_are_no_repetition() -> None:
    assert language(clean("@someone " * 40 + "Ihr seid doch alle nicht ganz bei Trost.")) == "de"
