"""`trellis train`: makes the model and its card from the labelled sets, so that anybody who has them can repeat it."""

import os
import time
from pathlib import Path

import click

from classifiers.adapt_measure import Rise, measure_adapting
from classifiers.alone import macro_f1_alone
from classifiers.card import Report, write_card
from classifiers.compare import compare
from classifiers.examples import (
    DatasetRefused,
    held_out_examples,
    read_manifest,
    set_examples,
    training_examples,
    unlabelled_texts,
)
from classifiers.fit import fit
from classifiers.measure import measure
from classifiers.store import MODELS, Model, load_model, save_model
from classifiers.tags import Tag


@click.command("train")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder with the sets that classifiers/datasets.toml names. Default: TRELLIS_TRAINING_DATA, else ./training-data.",
)
@click.option(
    "--measure",
    "measured",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=None,
    help="Folder with sets to measure on. Nothing is learned from them.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=MODELS,
    show_default="classifiers/models",
    help="Where the model goes; its card goes beside, for the shipped one above.",
)
@click.option(
    "--compare",
    "comparing",
    is_flag=True,
    help="Also try the other candidates on the same splits, and what corrections teach, for the card; takes some minutes more.",
)
def command(data: Path | None, measured: Path | None, out: Path, comparing: bool) -> None:
    """Train the tagger from labelled sets and write its model card."""
    folder = data or Path(os.environ.get("TRELLIS_TRAINING_DATA", "training-data"))
    begun, busy = time.monotonic(), time.process_time()
    manifest = read_manifest()
    try:
        examples, further = training_examples(folder, manifest), unlabelled_texts(folder, manifest)
        model, held_out = fit(examples, manifest, click.echo, further)
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"tagger-{model.version}.zip"
        save_model(model, path)
        taken = time.process_time() - busy
        click.echo(f"{path} ({path.stat().st_size / 1e6:.1f} MB), in {taken:.0f} s of one core")
        # What is measured is what is shipped: the file, read back, at half precision.
        model = load_model(path)
        sets = dict(held_out_examples(folder, manifest))
        for other in sorted(measured.glob("*.csv")) if measured else []:
            sets[other.stem] = set_examples(other)
        click.echo(f"Measuring on {len(sets)} sets")
        card = (out.parent if out == MODELS else out) / "model_card.md"
        calm = {dataset["name"]: folder / dataset["file"] for dataset in manifest["dataset"] if dataset.get("calm")}
        report = Report(
            held_out,
            [measure(model, name, rows) for name, rows in sets.items()],
            [measure(model, name, rows, model.second) for name, rows in sets.items()] if model.second else [],
            [measure(model, f"{name} (learned from)", set_examples(file)) for name, file in calm.items()],
            compare(examples, sets, click.echo) if comparing else [],
            _alone(folder, measured) if comparing else {},
            _risen(model, measured) if comparing and measured else [],
            taken,
        )
    except DatasetRefused as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"The model could not be written to {out}: {error.strerror}; give another --out."
        ) from error
    for old in out.glob("tagger-*.zip"):
        if old != path:
            old.unlink()
    write_card(card, model, manifest, report)
    click.echo(f"{card}, in {time.monotonic() - begun:.0f} s")


def _risen(model: Model, measured: Path) -> list[Rise]:
    click.echo("Measuring what corrections teach")
    return measure_adapting(model, {path.stem: set_examples(path) for path in sorted(measured.glob("*.csv"))})


def _alone(folder: Path, measured: Path | None) -> dict[str, float]:
    paths = [folder / "germeval18.csv", *([measured / "olid19.csv"] if measured else [])]
    return {path.stem: macro_f1_alone(path, Tag.TROLL, click.echo) for path in paths if path.is_file()}
