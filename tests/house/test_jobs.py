"""Every job in the list leads to a function, says that it was heard, and stands in the table of workers/README.md."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from inbox.jobs import RECIPES, Job

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("job", Job)
def test_a_job_is_a_function_of_workers(job: Job) -> None:
    module, _, name = RECIPES[job].path.rpartition(".")
    assert module.startswith("workers.")
    recipe = getattr(import_module(module), name)
    assert f"Job.{job.name}" in inspect.getsource(import_module(module)), (
        "it does not call answered(), so a ring during a run is lost"
    )
    assert inspect.getdoc(recipe)


def test_every_job_stands_in_the_readme_of_workers() -> None:
    text = (ROOT / "workers" / "README.md").read_text(encoding="utf-8")
    assert not [job for job in Job if f"`{job}`" not in text]
