"""The shipped model: what it must get right, and what it must not claim."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.lanes import AUTOMATIC
from classifiers.prediction import Prediction
from classifiers.tagger import Tagger, load_tagger, shipped_model
from classifiers.tags import OTHER, UNSURE, Tag


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return load_tagger()


def _tag(tagger: Tagger, text: str, lang: str | None = None) -> Prediction:
    return tagger.tag([text], [lang])[0]


@pytest.mark.parametrize(
    "text",
    [
        "Wie kann ich mein Passwort zurücksetzen",
        "wo finde ich die rechnung",
        "Weiß jemand ob morgen offen ist",
        "how do i export my data",
        "where do I find the invoice",
        "does anyone know when the shop opens",
    ],
)
def test_a_question_needs_no_question_mark(tagger: Tagger, text: str) -> None:
    assert _tag(tagger, text).primary == Tag.QUESTION


@pytest.mark.parametrize(
    "text",
    [
        "Könntet ihr bitte einen Export nach Excel einbauen?",
        "Wäre schön, wenn man die Liste sortieren könnte",
        "Could you please add a calendar view?",
        "It would be great if we could sort the list",
    ],
)
def test_a_polite_wish_is_an_idea(tagger: Tagger, text: str) -> None:
    assert _tag(tagger, text).primary == Tag.IDEA


@pytest.mark.parametrize(
    "text",
    [
        "Seit dem Update stürzt die App ständig ab!!!",
        "Ich warte seit drei Wochen auf mein Geld, niemand antwortet.",
        "Die Bahn hat schon wieder 40 Minuten Verspätung",
        "Still waiting for my refund, worst support ever",
        "the app keeps crashing since the last update",
    ],
)
def test_anger_about_a_thing_is_a_complaint_and_no_trolling(tagger: Tagger, text: str) -> None:
    found = _tag(tagger, text)
    assert found.primary == Tag.COMPLAINT
    assert Tag.TROLL not in found.tags


@pytest.mark.parametrize("text", ["Ihr seid doch alle hirnlose Idioten", "you guys are pathetic losers, kys"])
def test_abuse_of_people_is_trolling(tagger: Tagger, text: str) -> None:
    assert _tag(tagger, text).primary == Tag.TROLL


@pytest.mark.parametrize("text", ["Danke, super Update!", "thanks, works great now", "Guten Morgen zusammen"])
def test_praise_and_small_talk_get_no_tag(tagger: Tagger, text: str) -> None:
    found = _tag(tagger, text)
    assert (found.primary, found.tags) == (OTHER, ())


@pytest.mark.parametrize(
    "text",
    [
        "Wo finde ich in der neuen Version die Saatgutliste? Früher war sie unter Planung.",
        "Does the soil sensor work with tap water that is very hard? Mine reads 80 % all the time.",
        "Why does the app need my location all the time?",
        "Die Nachrichten kommen bei mir immer erst am nächsten Tag an. Ist das bekannt?",
    ],
)
def test_asking_about_what_one_saw_is_no_complaint_first(tagger: Tagger, text: str) -> None:
    assert _tag(tagger, text).primary == Tag.QUESTION


@pytest.mark.parametrize(
    "text",
    [
        "Toller Service, nur zwei Stunden in der Leitung und dann rausgeworfen. Wie kann man so mit Kunden umgehen?",
        "The trains are late again and nobody tells us anything. Is this a joke?",
    ],
)
def test_a_rhetorical_question_in_a_complaint_is_a_complaint(tagger: Tagger, text: str) -> None:
    assert _tag(tagger, text).primary == Tag.COMPLAINT


@pytest.mark.parametrize("lang", ["de", "en"])
def test_a_long_text_is_no_complaint_for_being_long(tagger: Tagger, lang: str) -> None:
    told = {
        "de": "Wir waren am Samstag am See und haben gegrillt. Später kam meine Schwester mit den Kindern dazu. ",
        "en": "We went to the lake on Saturday and had a picnic. Later my sister came along with her children. ",
    }[lang]
    assert Tag.COMPLAINT not in _tag(tagger, told * 6, lang).tags


def test_a_message_can_carry_two_tags(tagger: Tagger) -> None:
    found = _tag(tagger, "Seit gestern funktioniert der Login nicht mehr. Wie kann ich mein Konto entsperren?")
    assert {Tag.COMPLAINT, Tag.QUESTION} <= set(found.tags)


@pytest.mark.parametrize("text", ["", "   \n\t", "https://example.org/why/are/you/idiots?", "@stupid_name", "12345"])
def test_nothing_said_is_other(tagger: Tagger, text: str) -> None:
    found = _tag(tagger, text)
    assert (found.primary, found.tags, found.lang) == (OTHER, (), "und")


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Bu uygulama çok güzel ama çalışmıyor", "tr"),
        ("Чому додаток не працює вже два дні?", "uk"),
        ("Pourquoi cette application ne fonctionne plus depuis hier ?", "fr"),
        ("😡😡😡", "und"),
        ("?!", "und"),
    ],
)
def test_what_was_not_learned_is_unsure(tagger: Tagger, text: str, lang: str) -> None:
    found = _tag(tagger, text)
    assert (found.primary, found.tags, found.lang) == (UNSURE, (), lang)
    assert max(found.labels.values()) < 0.5


@pytest.mark.parametrize(
    "disguised", ["you are an і\u200bdі\u200bоt and a lоsеr", "you are an ｉｄｉｏｔ and a ｌｏｓｅｒ"]
)
def test_disguised_letters_change_nothing(tagger: Tagger, disguised: str) -> None:
    assert _tag(tagger, disguised).labels == _tag(tagger, "you are an idiot and a loser").labels


def test_markup_links_and_names_do_not_decide(tagger: Tagger) -> None:
    plain, dressed = "the export is broken again", "<p>the <b>export</b> is broken again</p>"
    assert _tag(tagger, dressed) == _tag(tagger, plain)
    assert _tag(tagger, "@idiot thanks, that helped").tags == _tag(tagger, "@anna thanks, that helped").tags == ()


@pytest.mark.parametrize(
    "text",
    [
        "GUTEN MORGEN ZUSAMMEN, HEUTE IST MARKT AUF DEM RATHAUSPLATZ",
        "GOOD MORNING EVERYONE, THE MEETING IS IN THE GREEN ROOM TODAY",
        "DANKE EUCH ALLEN FÜR DEN SCHÖNEN ABEND",
    ],
)
def test_shouting_alone_is_neither_trolling_nor_certain(tagger: Tagger, text: str) -> None:
    found = _tag(tagger, text)
    assert Tag.TROLL not in found.tags
    assert AUTOMATIC not in found.lanes.values()


@pytest.mark.parametrize(
    "text",
    [
        "asdkjh qwel zxmcn qpwoe alskdj",
        "lorem ipsum dolor sit amet consectetur",
        "&nbsp;&nbsp;<br/>&#8203;<div class='x'></div>",
        "\u200b\u200b\u2060",
        "{{ user.name }} %s $1 \\x00",
        "x y z " * 400,
        "asdf " * 40,
        "x " * 1_000,
        "ok " * 20,
    ],
)
def test_nonsense_is_never_tagged_with_certainty(tagger: Tagger, text: str) -> None:
    for lang in (None, "de", "en"):
        assert AUTOMATIC not in _tag(tagger, text, lang).lanes.values()


@pytest.mark.parametrize(
    "raw", ["The export is broken again!", "THE EXPORT IS BROKEN AGAIN!", "the eхpоrt is brоken again!"]
)
def test_a_complaint_stays_one_however_it_is_typed(tagger: Tagger, raw: str) -> None:
    assert _tag(tagger, raw).primary == Tag.COMPLAINT


@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "idiot " * 200_000, "😡" * 250_000, "<" * 1_000_000, "&lt;" * 250_000, "\u0000" * 9999, "\ud800"],
    ids=["letters", "words", "faces", "brackets", "entities", "zeros", "half a character"],
)
@pytest.mark.timeout(10)
def test_huge_and_broken_texts_are_answered(tagger: Tagger, text: str) -> None:
    assert _tag(tagger, text).primary in {*Tag, OTHER, UNSURE}


@given(st.lists(st.text(st.characters(exclude_categories=())), max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_strings_give_sound_answers(texts: list[str]) -> None:
    found = load_tagger().tag(texts)
    assert len(found) == len(texts)
    for answer in found:
        assert set(answer.labels) == {tag.value for tag in Tag}
        assert all(math.isfinite(chance) and 0 <= chance <= 1 for chance in answer.labels.values())
        assert answer.primary == (answer.tags[0] if answer.tags else answer.primary)
        assert bool(answer.tags) == (answer.primary in set(Tag))


def test_the_answer_does_not_depend_on_the_batch(tagger: Tagger) -> None:
    texts = ["Wie geht das", "", "the app is broken", "Danke!", "x" * 5000, "please add dark mode"] * 120
    assert tagger.tag(texts) == [_tag(tagger, text) for text in texts[:6]] * 120


def test_hints_for_each_text_are_used(tagger: Tagger) -> None:
    assert [found.lang for found in tagger.tag(["Prima!", "Super!"], ["de", "en"])] == ["de", "en"]


def test_the_model_is_read_once_and_small() -> None:
    assert load_tagger() is load_tagger()
    assert shipped_model().stat().st_size < 15_000_000
    assert load_tagger().version in shipped_model().name
