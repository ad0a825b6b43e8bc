"""What must not decide a tag is gone after cleaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.clean import MOST_KEPT, clean


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Hello World", "hello world"),
        ("see https://evil.example/you-idiot?x=1 now", "see xlinkx now"),
        ("WWW.example.org", "xlinkx"),
        ("@stupid_name thanks", "xnamex thanks"),
        ("write to jo.doe@example.org", "write to xmailx"),
        ("#DarkMode bitte", "darkmode bitte"),
        ("<p>Geht <b>nicht</b></p>", "geht nicht"),
        ("Tom &amp; Jerry", "tom & jerry"),
        ("it\u2019s", "it's"),
        ("soooooooo gut!!!!!!", "sooo gut !!!"),
        ("i\u200bd\u200bi\u00ado\u2060t", "idiot"),
        ("іdіоt", "idiot"),  # Cyrillic letters among Latin ones
        ("ｆｕｌｌｗｉｄｔｈ", "fullwidth"),
        ("привет", "привет"),
        ("Bestellung 44871 vom 3.4.2026", "bestellung 0 vom 0"),
        ("snake_case", "snake - case"),
        ("3 < 5 > 4", "0 < 0 > 0"),
        ("", ""),
    ],
)
def test_noise_is_taken_away(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


def test_quoted_lines_do_not_decide() -> None:
    assert clean("> you are an idiot\n> really\nThanks for the report") == "thanks for the report"


def test_a_text_of_nothing_but_quotes_keeps_its_words() -> None:
    assert "hello" in clean("> hello")


@given(st.text())
def test_any_string_becomes_words_parted_by_single_spaces(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= MOST_KEPT
    assert "  " not in cleaned


def test_a_text_that_grows_in_normal_form_stays_capped() -> None:
    assert len(clean("\ufdfa " * 100_000)) <= MOST_KEPT


def test_lone_halves_of_characters_do_no_harm() -> None:
    assert clean("ok \ud800 ok").startswith("ok")
