import time

import pytest

from inbox.text import clean_html, plain_from_html


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>One<p>Two", "One\n\nTwo"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("<ul><li>x</li><li>y</li></ul>", "– x\n– y"),
        ("Fr&auml;ulein &amp; Co &lt;b&gt;", "Fräulein & Co <b>"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<script>if (a<b) alert('</p>')</script>after", "after"),
        ("<head><title>no</title><style>p{}</style></head><body>yes</body>", "yes"),
        ("a<!-- <p>hidden</p> -->b", "ab"),
        ("<![CDATA[x & y]]>", "x & y"),
        ('<img alt="a > b" src=x>text', "text"),
        ("words <unclosed", "words"),
        ("<pre>a\nb</pre>", "a b"),
        ("", ""),
    ],
)
def test_markup_becomes_words(markup: str, words: str) -> None:
    assert plain_from_html(markup) == words


@pytest.mark.parametrize("piece", ["<!--", "<div>", "<![CDATA[", "<a ", "</p>", "<", '<a ">', "<script>", "&", "<ul><li>", "<?"])
def test_markup_made_to_hurt_is_read_and_cleaned_quickly(piece: str) -> None:
    markup = piece * (500_000 // len(piece))
    began = time.monotonic()
    plain_from_html(markup)
    clean_html(markup)
    assert time.monotonic() - began < 8


def test_what_nests_too_deep_is_shown_as_its_words() -> None:
    deep = "<div>" * 2_000 + "<b>hello</b>" + "</div>" * 2_000
    assert clean_html(deep) == "hello"
    assert clean_html("<div><b>hello</b></div>") == "<div><b>hello</b></div>"
