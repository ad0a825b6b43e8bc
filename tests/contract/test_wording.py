"""Words: how long the platform counts them to be, and what is read out of its markup."""

import pytest

from inbox.connectors.contract import Unit
from tests.contract.stage import Stage
from tests.contract.traits import connector_of, markup, needs, sending

# Counted by hand, per unit: characters, graphemes, bytes, UTF-16, and X's weights (Asia and emoji two, an address 23).
LENGTHS = {
    "": (0, 0, 0, 0, 0),
    "Grüße": (5, 5, 7, 5, 5),
    "Gru\u0308ße": (6, 5, 8, 6, 5),  # the dots follow their letter
    "漢字かな": (4, 4, 12, 4, 8),
    "👩‍👩‍👧": (5, 1, 18, 8, 2),  # three people, joined
    "🇩🇪🇫🇷": (4, 2, 16, 8, 4),
    "👍🏽!": (3, 2, 9, 5, 3),  # with a colour of skin
    "각": (1, 1, 3, 1, 2),
    "a\nb": (3, 3, 3, 3, 3),
    "see https://example.com/a/very/long/path?with=everything": (56, 56, 56, 56, 27),
}
UNITS = (Unit.CHARACTERS, Unit.GRAPHEMES, Unit.BYTES, Unit.UTF16, Unit.WEIGHTED)


@needs(sending)
@pytest.mark.parametrize("text", LENGTHS)
def test_length_is_counted_as_the_platform_counts_it(stage: Stage, text: str) -> None:
    unit = connector_of(type(stage)).capabilities.text_unit
    expected = stage.lengths.get(text, LENGTHS[text][UNITS.index(unit)])
    assert stage.connector().length(text) == expected


@needs(sending)
def test_what_the_platform_counts_in_its_own_way(stage: Stage) -> None:
    for text, expected in stage.lengths.items():
        assert stage.connector().length(text) == expected, text


@needs(markup)
def test_markup_is_read_as_words(stage: Stage) -> None:
    source, expected = stage.markup
    stage.items[1] = stage.marked(stage.items[1], source)
    found = [m for b in stage.brought() for m in b.messages if m.external_id == stage.name_of(stage.items[1])]
    assert [message.text for message in found] == [expected]


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>Hallo", "Hallo\u202e\x85\u2028", "a" * 200_000])
def test_hostile_words_do_no_harm(stage: Stage, hostile: str) -> None:
    stage.items[1] = stage.worded(stage.items[1], hostile)
    batches = stage.brought()
    assert sum(batch.fetched for batch in batches) >= len(stage.items)
