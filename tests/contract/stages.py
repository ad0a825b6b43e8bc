"""Every recorded platform by name: each module `stage_<kind>.py` beside this one brings its own."""

import inspect
from importlib import import_module
from pathlib import Path

from tests.contract.stage import Remembering, Stage, recording

__all__ = ["STAGES", "Remembering", "Stage", "recording"]


def found_stages() -> dict[str, type[Stage]]:
    """The stages of every module, by their name or kind."""
    stages: dict[str, type[Stage]] = {}
    for path in sorted(Path(__file__).parent.glob("stage_*.py")):
        module = import_module(f"tests.contract.{path.stem}")
        for _name, stage in inspect.getmembers(module, inspect.isclass):
            if issubclass(stage, Stage) and stage.__module__ == module.__name__ and not inspect.isabstract(stage):
                assert stages.setdefault(stage.name or stage.kind, stage) is stage, (
                    f"two stages are called {stage.kind}"
                )
    return stages


STAGES = found_stages()
