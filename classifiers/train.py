"""`trellis train`: makes the model and its card from the labelled sets, so that anybody who has them can repeat it."""

import os
import time
from pathlib import Path

import click

from classifiers.card import write_card
from classifiers.examples import DatasetRefused, held_out_examples, read_manifest, set_examples, training_examples
from classifiers.fit import fit
from classifiers.measure import measure
from classifiers.store import MODELS, load_model, save_model


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
def command(data: Path | None, measured: Path | None, out: Path) -> None:
    """Train the tagger from labelled sets and write its model card."""
    folder = data or Path(os.environ.get("TRELLIS_TRAINING_DATA", "training-data"))
    begun = time.monotonic()
    manifest = read_manifest()
    try:
        examples = training_examples(folder, manifest)
        model, held_out = fit(examples, manifest, click.echo)
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"tagger-{model.version}.zip"
        save_model(model, path)
        # What is measured is what is shipped: the file, read back, at half precision.
        model = load_model(path)
        sets = dict(held_out_examples(folder, manifest))
        for other in sorted(measured.glob("*.csv")) if measured else []:
            sets[other.stem] = set_examples(other)
        click.echo(f"Measuring on {len(sets)} sets")
        table = [row for name, rows in sets.items() for row in measure(model, name, rows)]
    except DatasetRefused as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"The model could not be written to {out}: {error.strerror}; give another --out."
        ) from error
    for old in out.glob("tagger-*.zip"):
        if old != path:
            old.unlink()
    card = (out.parent if out == MODELS else out) / "model_card.md"
    write_card(card, model, manifest, held_out, table)
    click.echo(f"{path} ({path.stat().st_size / 1e6:.1f} MB) and {card}, in {time.monotonic() - begun:.0f} s")
