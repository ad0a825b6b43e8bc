"""Ingest, labels and search index together, as an import and one worker do it: in two processes, on two cores."""

import subprocess
import sys
import time
from pathlib import Path

from bench.bare import Bare
from bench.figure import Figure
from bench.ingest import open_channel, store
from bench.messages import batches
from classifiers.tagger import load_tagger
from inbox.config import load_settings
from inbox.database import Database
from inbox.migrations.migrate import migrate
from workers.classify import drain

READY, IDLE_SECONDS = "ready", 0.02


def ingest_and_label(folder: Path, number: int) -> list[Figure]:
    """From the first message until the last has its label; bounded by the bare insert of the same messages."""
    folder.mkdir()
    path, ended = folder / "labelled.db", folder / "all-ingested"
    migrate(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    channel = open_channel(database)
    pages = list(batches(number))
    worker = subprocess.Popen(
        [sys.executable, "-m", "bench.label", str(path), str(ended)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert worker.stdout
        worker.stdout.readline()
        begin = time.perf_counter()
        for batch in pages:
            store(database, channel, batch)
        ended.touch()
        if worker.wait(3600):
            raise SystemExit("the labelling process failed")
        taken = time.perf_counter() - begin
    finally:
        worker.kill()
    database.dispose()
    driver = Bare(path, folder / "bare.db")
    bound = sum(driver.copy() for _ in pages)
    driver.close()
    return [Figure("ingest + label + search index", number / taken, "messages/s", number / bound)]


def label_until(path: str, ended: Path) -> None:
    """The other process: label whatever is there until nothing more will come."""
    load_settings()
    database, tagger = Database(f"sqlite:///{path}"), load_tagger()
    tagger.tag(["warm"])
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    while True:
        last = ended.exists()
        if not drain(database, lambda _: tagger, seconds=3600):
            if last:
                break
            time.sleep(IDLE_SECONDS)
    database.dispose()


if __name__ == "__main__":
    label_until(sys.argv[1], Path(sys.argv[2]))
