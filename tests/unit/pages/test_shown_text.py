"""Strangers' text on our pages: no character is added or lost, nothing in it comes alive."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from inbox.pages.shown_text import Spoken, shown_text


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


anything = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=80)
pieces = st.lists(
    st.one_of(anything, st.sampled_from(["https://a.example/x", "<b>", "&amp;", "\r\n", "'\""])), max_size=6
)
spans = st.lists(st.tuples(st.integers(-5, 200), st.integers(-5, 200)), max_size=5)


words = st.builds(
    Spoken, st.integers(-5, 200), st.integers(-5, 200), anything, st.just("idea"), st.just(""), st.just("")
)


@given(pieces.map("".join), spans, st.lists(words, max_size=5))
def test_the_page_says_exactly_what_the_text_says(
    text: str, marks: list[tuple[int, int]], spoken: list[Spoken]
) -> None:
    seen = read(str(shown_text(text, marks, spoken)))
    assert seen.text == text
    assert seen.tags <= {"a", "mark", "span"}


def test_a_marked_sentence_is_marked() -> None:
    assert str(shown_text("It would be nice, really", [(3, 16)])) == "It <mark>would be nice</mark>, really"


def test_marks_that_overlap_are_joined_without_repeating_words() -> None:
    assert str(shown_text("abcdef", [(0, 3), (1, 5)])) == "<mark>abc</mark><mark>de</mark>f"


def test_a_word_that_decided_is_marked_on_both_sides_of_a_sentence_that_ends_in_it() -> None:
    word = Spoken(2, 5, "Idea × 4", "idea", "", "troll question")
    span = '<span class="spoke" data-for="idea" data-much="" data-against="troll question" title="Idea × 4">{}</span>'
    both = f"ab<mark>{span.format('c')}</mark>{span.format('de')}f".replace("ab<mark>", "<mark>ab")
    assert str(shown_text("abcdef", [(0, 3)], [word])) == both


def test_an_address_that_decided_stays_a_link() -> None:
    markup = str(shown_text("see https://a.example/b.", (), [Spoken(4, 23, "", "troll", "", "")]))
    assert ">https://a.example/b</a></span>." in markup


def test_only_web_addresses_become_links() -> None:
    markup = str(shown_text("http://a.example/b. javascript:x ftp://c.example"))
    assert markup.count("<a ") == 1
    assert 'href="http://a.example/b"' in markup
