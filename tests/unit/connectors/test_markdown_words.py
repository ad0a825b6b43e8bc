"""Plain words in Markdown: shown as they were typed, addresses whole."""

import pytest

from inbox.connectors.markdown_words import as_markdown


@pytest.mark.parametrize(
    "text",
    [
        "Unter Menü, Plan.",
        "snake_case und 3.5 Sekunden, 2-3 Mal",
        "https://example.com/a_b/*c*?d=[e]",
        "ana_b@brand.example, danke @bo!",
        "Grüße 👩‍👩‍👧\nAna",
    ],
)
def test_words_without_signs_stay_as_they_are(text: str) -> None:
    assert as_markdown(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*wichtig*", r"\*wichtig\*"),
        ("_leise_", r"\_leise\_"),
        ("<Name> eintragen", r"\<Name\> eintragen"),
        ("[hier](https://a.example/x_y)", r"\[hier\](https://a.example/x_y)"),
        ("# 1\n1. eins\n- zwei\n2) drei\n> vier", "\\# 1\n1\\. eins\n\\- zwei\n2\\) drei\n\\> vier"),
        ("---\n===", "\\---\n\\==="),
        ("    code", "\u00a0\u00a0\u00a0\u00a0code"),
        ("~~weg~~ `rm` a|b \\", r"\~\~weg\~\~ \`rm\` a\|b " + "\\\\"),
    ],
)
def test_signs_are_marked_as_signs(text: str, expected: str) -> None:
    assert as_markdown(text) == expected
