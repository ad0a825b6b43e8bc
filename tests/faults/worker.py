"""A worker that the fault tests start and that kills itself, as `kill -9` does, at a chosen statement.

Run as: python worker.py JOB STATEMENT, where JOB is poll or classify, and STATEMENT the number of the statement to the
database before which it dies; 0 is never.
"""

import os
import signal
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import event  # noqa: E402
from sqlalchemy.engine import Engine  # noqa: E402

from classifiers.lanes import CurvePoint, Lane  # noqa: E402
from classifiers.prediction import Prediction  # noqa: E402
from tests.pages import use_pages  # noqa: E402

JOB, LAST = sys.argv[1], int(sys.argv[2])
_statements = count(1)


class Parrot:
    """Calls everything a question; quicker to load than the model, and its words can be checked."""

    version = "parrot"
    lanes: ClassVar[dict[str, dict[str, Lane]]] = {
        label: {lang: Lane(automatic=0.8, suggest=0.5, doubt=0.3) for lang in ("de", "en")}
        for label in ("question", "complaint", "idea", "troll")
    }

    def curve(self, _label: str, _lang: str) -> list[CurvePoint]:
        return [CurvePoint(threshold=0.5, precision=0.9, recall=0.8, share=0.3)]

    def tag(self, texts: Sequence[str], _languages: Any = None) -> list[Prediction]:
        return [
            Prediction({"question": 0.9, "complaint": 0.1, "idea": 0.0, "troll": 0.0}, "question", ("question",), "en")
            for _ in texts
        ]


@event.listens_for(Engine, "before_cursor_execute")
@event.listens_for(Engine, "commit")
def _die(*_: Any) -> None:
    # Before a statement, or before the commit itself: rows, ledger and cursor are written then, and not yet kept.
    if next(_statements) == LAST:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    use_pages()
    if JOB == "poll":
        from workers.poll import poll

        poll(patience=60)
    else:
        from workers import classify

        parrot = Parrot()
        classify.champion = lambda _database: parrot  # type: ignore[attr-defined]
        classify.classify()
