"""Keeps what `trellis train --compare` found, for the cards of later models too: comparing takes longer than training."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from classifiers.adapt_measure import Rise
from classifiers.compare import Compared


def keep_trials(path: Path, compared: Sequence[Compared], alone: Mapping[str, float], risen: Sequence[Rise]) -> None:
    """Write the candidates compared, the sets learned alone, and what corrections taught."""
    kept = {
        "compared": [asdict(one) for one in compared],
        "alone": dict(alone),
        "risen": [asdict(one) for one in risen],
    }
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def kept_trials(path: Path) -> tuple[list[Compared], dict[str, float], list[Rise]]:
    """What `keep_trials` wrote; nothing where it did not."""
    if not path.is_file():
        return [], {}, []
    kept = json.loads(path.read_text("utf-8"))
    risen = [Rise(one["tag"], one["name"], tuple(one["macro_f1"])) for one in kept["risen"]]
    return [Compared(**one) for one in kept["compared"]], dict(kept["alone"]), risen
