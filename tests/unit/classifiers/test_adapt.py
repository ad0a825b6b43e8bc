"""What an inbox teaches: nothing without corrections, its own language only, and the same whether fitted or melted in."""

import numpy as np
import pytest

from classifiers.adapt_fit import fit_adapters
from classifiers.adapt_store import FORMAT, read_adapters, version_of, write_adapters
from classifiers.adapted import Adapted
from classifiers.examples import Example, frozen_examples
from classifiers.store import Model, ModelRefused, load_model
from classifiers.tagger import Tagger, shipped_model
from classifiers.tags import Tag
from tests.climbing import climbing_notes, said

TEXTS = [
    "Griff an der 14 dreht sich",
    "Could you add a map?",
    "",
    "🧗",
    "Karte rot: Späne",
    "où est le bus ?",
    "x" * 50_000,
]


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(shipped_model())


def learned(model: Model, examples: list[Example]) -> Adapted:
    return Adapted(model, fit_adapters(model, examples).adapters, "learned")


def test_without_corrections_nothing_changes(model: Model) -> None:
    assert fit_adapters(model, []).adapters == ()
    before, after = Tagger(model), Adapted(model, (), model.version)
    assert after.tag(TEXTS) == before.tag(TEXTS)
    assert after.lanes == before.lanes and after.version == before.version


def test_one_correction_moves_its_own_text_and_its_like_most(model: Model) -> None:
    text, like, other = "Der Mops muss pieseln", "Der Mops muss schon wieder", "Rechnung stimmt"
    taught = learned(model, [Example(text, "de", said({"idea"}), "1")])
    moved = taught.scores([text, like, other])[0] - Tagger(model).scores([text, like, other])[0]
    at = model.heads.index(Tag.IDEA)
    assert moved[0, at] > moved[1, at] > abs(moved[2, at]) >= 0
    assert moved[0, at] < 5


def test_a_language_learns_nothing_from_another(model: Model) -> None:
    texts = [example.text for example in frozen_examples() if example.lang == "en"][:100]
    before, _ = Tagger(model).scores(texts, ["en"] * len(texts))
    after, spoken = learned(model, climbing_notes()[:60]).scores(texts, ["en"] * len(texts))
    english = [row for row, lang in enumerate(spoken) if lang == "en"]
    assert len(english) > 90
    assert np.array_equal(before[english], after[english])


def test_an_unknown_language_teaches_nothing(model: Model) -> None:
    fitted = fit_adapters(model, [Example("Où est le bus ?", "fr", said({"question"}), "1")])
    assert fitted.adapters == ()
    assert np.isnan(fitted.chances).all()


def test_reasons_add_up_to_what_was_learned(model: Model) -> None:
    tagger = learned(model, climbing_notes()[:80])
    text = "Karte rot: Griff an der 14 dreht sich, wann kommt wer?"
    (scores,), _ = tagger.scores([text])
    reasons = tagger.reasons(text)
    assert reasons.version == "learned"
    for head, score in zip(model.heads, scores, strict=True):
        total = reasons.start[head] + reasons.manner[head] + sum(share for _, share in reasons.words[head])
        assert total == pytest.approx(score, abs=1e-3)
    words = dict(tagger.explain(text, Tag.COMPLAINT))
    assert words["rot"] > 0


def test_learning_twice_gives_the_same(model: Model) -> None:
    one, other = (write_adapters(fit_adapters(model, climbing_notes()[:40]).adapters) for _ in range(2))
    assert one == other


def test_contradictory_teaching_of_one_text_ends_near_the_middle(model: Model) -> None:
    text = "Der Mops muss pieseln"
    both = [Example(text, "de", said(tags), "1") for tags in ({"idea"}, set()) for _ in range(30)]
    at = list(Tag).index(Tag.IDEA)
    (scores,), _ = learned(model, both).scores([text], ["de"])
    assert abs(scores[model.heads.index(Tag.IDEA)]) < 0.5
    assert fit_adapters(model, both).chances[:, at].max() < 0.75


@pytest.mark.parametrize("said_of_all", [set(), {"troll"}])
def test_one_kind_alone_teaches_no_threshold(model: Model, said_of_all: set[str]) -> None:
    same = [Example(note.text, "de", said(said_of_all), "1") for note in climbing_notes()[:30]]
    (adapter,) = fit_adapters(model, same).adapters
    assert adapter.suggest == {}
    assert all(np.isfinite(part).all() for part in (adapter.words, adapter.letters, adapter.cues, adapter.start))


def test_what_was_learned_survives_as_bytes(model: Model) -> None:
    fitted = fit_adapters(model, climbing_notes()[:60])
    written = write_adapters(fitted.adapters)
    assert len(written) < 600_000
    read = Adapted(model, read_adapters(written, model), version_of(model.version, written))
    before, _ = Adapted(model, fitted.adapters, "x").scores(TEXTS)
    assert np.array_equal(read.scores(TEXTS)[0], before)
    assert len(read.version) <= 60 and read.version.startswith(model.version)


def test_damaged_or_foreign_bytes_are_refused_in_one_sentence(model: Model) -> None:
    from dataclasses import replace

    written = write_adapters(fit_adapters(model, climbing_notes()[:20]).adapters)
    foreign = replace(model, version="other")
    cut, flipped = written[:-1], bytes([*written[:500], written[500] ^ 1, *written[501:]])
    for bad, against in (
        (b"", model),
        (b"junk" * 100, model),
        (cut, model),
        (flipped, model),
        (FORMAT, model),
        (written, foreign),
    ):
        with pytest.raises(ModelRefused) as refusal:
            read_adapters(bad, against)
        assert str(refusal.value).count(".") >= 1 and "\n" not in str(refusal.value)
