"""`python -m bench`: prints one JSON line per measure; `ratio` is value divided by bound."""

import logging
import os
import tempfile
from pathlib import Path

import click

from bench.figure import Figure

FULL, QUICK, LABELLED = 200_000, 10_000, 50_000
NAMES = ("start", "ingest", "classify", "list", "search", "training", "corrections", "poll")


@click.command()
@click.option("--quick", is_flag=True, help="10,000 messages instead of 200,000.")
@click.option("--messages", type=int, default=0, help="Any other number of messages.")
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
def main(quick: bool, messages: int, names: tuple[str, ...]) -> None:
    """Measure everything, or only NAMES. Needs about 1 GB of temporary space and three minutes for 200,000 messages."""
    chosen, number = names or NAMES, messages or (QUICK if quick else FULL)
    with tempfile.TemporaryDirectory(prefix="trellis-bench-") as folder:
        # Settings are read once per process, so they are said before anything of the product is imported.
        os.environ["TRELLIS_DATA"] = str(Path(folder) / "data")
        logging.disable(logging.WARNING)
        if "start" in chosen:
            from bench.start import start

            _tell(start(Path(folder) / "first"))
        if "classify" in chosen:
            from bench.classify import classify

            _tell(classify(min(number, 20_000)))
        if "corrections" in chosen:
            from bench.corrections import corrections

            _tell(corrections(Path(folder) / "week"))
        if "poll" in chosen:
            _polled(Path(folder) / "polled", max(60, min(number // 300, 300)))
        if {"ingest", "list", "search", "training"} & set(chosen):
            _filled(chosen, number, Path(folder))


def _polled(data: Path, streams: int) -> None:
    from bench.poll import allow_local, poll_quiet
    from bench.surroundings import surroundings

    os.environ["TRELLIS_DATA"] = str(data)
    allow_local()
    with surroundings(data) as database:
        _tell(poll_quiet(database, streams))


def _filled(chosen: tuple[str, ...], number: int, folder: Path) -> None:
    from bench.ingest import ingest_messages
    from bench.label import ingest_and_label
    from bench.pages import list_pages, search_pages, spread
    from bench.surroundings import surroundings
    from bench.training import training_pages

    with surroundings(folder / "data") as database:
        figures = ingest_messages(database, number, folder / "bare.db")
        if "ingest" in chosen:
            _tell(figures)
            _tell(ingest_and_label(folder / "two", min(number, LABELLED)))
        spread(database)
        if "list" in chosen:
            _tell(list_pages(database))
        if "search" in chosen:
            _tell(search_pages(database))
        if "training" in chosen:
            _tell(training_pages(database))


def _tell(figures: list[Figure]) -> None:
    for figure in figures:
        click.echo(figure.line())


if __name__ == "__main__":
    main()
