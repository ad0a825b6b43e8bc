"""Writes the model card: what the model learned from, how good it is, and where it fails."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifiers.examples import OURS
from classifiers.figures import mean
from classifiers.lanes import CurvePoint
from classifiers.measure import Measured
from classifiers.store import Model

_WEAK = """\
- Across domains every figure falls: a model that is right about app reviews is less so about railways. Corrections by the
  people who use it are worth more than any public set.
- German complaints: there is no free set to learn from; the model knows our own messages and turns of phrase only, and those
  were written by few hands.
- The German troll sets are mostly political abuse and hatred of groups. Trolling about a product looks different; praise of
  a group and quoted hatred are easily mistaken for hatred. No action may follow from this label without a person.
- The English troll set leans on American tweets; words of dialect may count against their writer.
- Irony is taken at its word.
- The longer a text, the more readily it is called a complaint or an idea, although it was taught otherwise.
- Texts in other languages get no tag: *unsure*.
"""


def write_card(
    path: Path, model: Model, manifest: dict[str, Any], held_out: dict[str, Any], table: Sequence[Measured]
) -> None:
    """Write the card of a model: `held_out` as `fit` gave it, `table` as measured in this run."""
    lines = [
        "# Model card of the tagger",
        "",
        f"Version `{model.version}`. Written by `trellis train`; every figure comes from that run, with the weights as shipped.",
        "",
        "Text in German or English in; the probability of *question*, *complaint*, *idea* and *troll* out (several may hold),",
        "or *other*, or *unsure*. A fifth head, *praise*, only tells *other* from *unsure*. One logistic regression per head over",
        "hashed words (1-2), letters (2-5) and counted turns of phrase; the file holds weights, no words and no texts.",
        "",
        "## Learned from",
        "",
        "| set | rows used | licence | from | what it says |",
        "| --- | ---: | --- | --- | --- |",
    ]
    for dataset in manifest["dataset"]:
        rows = model.trained_on.get(dataset["name"], 0)
        lines.append(
            f"| {dataset['name']} | {rows:,} | {dataset['licence']} | {dataset['source']} | {dataset['map']} |"
        )
    ours = [rows for source, rows in model.trained_on.items() if source.startswith(OURS)]
    lines.append(
        f"| messages | {sum(ours):,} | ours | classifiers/seed | written for this in {len(ours)} files, several labels each; most once more among small talk |"
    )
    lines += [
        "",
        "## Calibration and thresholds",
        "",
        "On rows not learned from (cross-validation; our own messages a whole theme at a time).",
        f"Probabilities suppose that of 100 messages {_shares(model)}.",
        "From *automatic* on a tag is set, from *suggest* on it is proposed, each set for the stated precision (wanted, reached and",
        "the share found stand beside it); below *doubt* it does not hold; between doubt and suggest nobody knows.",
        "",
        "| head | lang | rows | positive | doubt | suggest | wanted | reached | recall | automatic | wanted | reached | recall | calibration error |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for head, by_lang in held_out.items():
        for lang, found in by_lang.items():
            lines.append(
                f"| {head} | {lang} | {found['rows']:,} | {found['positive']:,} | {model.lanes[head][lang].doubt:.2f}"
                f" | {_lane(found['suggest'], manifest['precision'][head])}"
                f" | {_lane(found['automatic'], manifest['automatic'][head])} | {found['calibration_error']:.3f} |"
            )
    lines += [
        "",
        "## Measured on sets it never saw",
        "",
        "At the thresholds above. Sets marked *held out* are the test parts of sets it learned from; of all others it saw nothing.",
        "Four choices were made by people who had seen such a table (the wanted precision of troll, the strength of regularisation, cues",
        "counting less in long texts, that sentences are also learned as parts of longer texts), so these figures are a little kinder than",
        "a set nobody has looked at would be.",
        "",
        "| head | set | lang | rows | positive | AUROC | precision | recall | F1 |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in sorted(table, key=lambda row: (row.head, row.name)):
        found = row.figures
        lines.append(
            f"| {row.head} | {row.name} | {row.lang} | {found.rows:,} | {found.positive:,} | {found.auroc:.3f}"
            f" | {found.precision:.3f} | {found.recall:.3f} | {found.f1:.3f} |"
        )
    auroc = mean([row.figures.auroc for row in table])
    f1 = mean([row.figures.f1 for row in table])
    lines += [
        f"| **mean of {len(table)}** | | | | | **{auroc:.3f}** | | | **{f1:.3f}** |",
        "",
        "## Known weaknesses",
        "",
        _WEAK,
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def _shares(model: Model) -> str:
    return ", ".join(f"{share * 100:.0f} are {head}" for head, share in model.shares.items())


def _lane(point: CurvePoint, wanted: float) -> str:
    return f"{point.threshold:.2f} | {wanted:.2f} | {point.precision:.2f} | {point.recall:.2f}"
