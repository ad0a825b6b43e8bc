"""Job `retrain` begins the training that waits; `trellis retrain` does it, in a process of its own.

The worker goes on with other jobs meanwhile, and neither its memory nor its time is used. A training that dies is begun
again when its claim runs out.
"""

import logging
import os
import subprocess
import sys

import click

from classifiers.store import ModelRefused
from inbox.clock import now
from inbox.config import load_settings
from inbox.database import Database
from inbox.jobs import Job, answered
from inbox.logs import set_up_logs
from inbox.training.advance import Lost, advance
from inbox.training.claim_training import Claim, claim_training
from inbox.training.contradict import contradict
from inbox.training.decisions import decisions
from inbox.training.models import Model
from inbox.training.serve_base import serve_base
from inbox.training.settle_training import settle_training
from inbox.training.train_now import train_now
from workers.champion import shipped
from workers.opened import open_database
from workers.train_challenger import STEPS, train_challenger

log = logging.getLogger(__name__)

GENTLY = 10


def retrain() -> int:
    """The job: begin what waits; returns how many trainings were begun. Safe to run twice: a training is claimed."""
    answered(Job.RETRAIN)
    claim = _claim(open_database())
    if claim is None:
        return 0
    command = [sys.executable, "-m", "inbox.cli", "retrain", "--claim", f"{claim.model_id}:{claim.number}"]
    subprocess.Popen(command, stdin=subprocess.DEVNULL)
    return 1


@click.command("retrain")
@click.option("--claim", hidden=True, default="", help="The training that a worker has claimed.")
def command(claim: str) -> None:
    """Learn from the corrections now; the new model serves if it is not worse than the one that does."""
    set_up_logs(load_settings().log_level, process="retrain")
    database = open_database()
    if claim:
        os.nice(GENTLY)
        model_id, number = map(int, claim.split(":"))
        held: Claim | None = Claim(model_id, number)
    else:
        with database.writing() as session:
            train_now(session)
        held = _claim(database)
    if held is None:
        raise click.ClickException("A training is running already, or workers of a newer version do it; wait for it.")
    try:
        model = train(database, held)
        log.info(
            "trained", extra={"model": model.id, "version": model.version, "state": model.state, "why": model.reason}
        )
        if not claim:
            click.echo(tell(model))
    except (Lost, ModelRefused) as error:
        raise click.ClickException(str(error)) from error


def train(database: Database, claim: Claim) -> Model:
    """Do the claimed training and settle it. Raises Lost when it was given to somebody else meanwhile."""

    def told(step: int) -> None:
        with database.writing() as session:
            advance(session, claim, now(), step=step, steps=STEPS)

    told(0)
    with database.reading() as session:
        decided = decisions(session)
    outcome, found = train_challenger(database, decided, told)
    with database.writing() as session:
        contradict(session, found)
        return settle_training(session, claim, outcome, now())


def tell(model: Model) -> str:
    """One sentence for the operator."""
    why = f" ({model.reason}: {model.reason_fields})" if model.reason else ""
    return f"Model {model.version or model.base_version}, from {model.examples} corrections: {model.state}{why}"


def _claim(database: Database) -> Claim | None:
    with database.writing() as session:
        if not serve_base(session, shipped().version, now()):
            return None
        return claim_training(session, shipped().version, now())
