"""The tagger that serves: the shipped model with what the champion learned here. Every batch asks, so a change is met at once."""

import logging
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa

from classifiers.adapt_store import read_adapters, version_of
from classifiers.adapted import Adapted
from classifiers.embedding import available
from classifiers.store import Model as Weights
from classifiers.store import ModelRefused, load_model
from classifiers.tagger import Tagger, shipped_model
from inbox.clock import now
from inbox.config import load_settings
from inbox.database import Database
from inbox.training.models import Model, ModelState
from inbox.training.serve_base import is_outdated

log = logging.getLogger(__name__)


@dataclass
class _Serving:
    """What this process serves, and the champion's row that it was made from, or that was refused."""

    key: tuple[int, str] | None
    tagger: Tagger


_serving: dict[str, _Serving] = {}


class Outdated(Exception):
    """Workers of a newer version of Trellis are running beside this one: they tag, and nobody undoes what they did."""


def champion(database: Database) -> Tagger:
    """The tagger of the champion; where its bytes are refused the one before, or the shipped one, serves on.

    Raises Outdated.
    """
    place = str(database.engine.url)
    before = _serving.get(place)
    query = sa.select(Model.id, Model.version, Model.base_version).where(Model.state == ModelState.CHAMPION)
    with database.reading() as session:
        row = session.execute(query).one_or_none()
        if row and row.base_version != shipped().version and is_outdated(session, shipped().version, now()):
            raise Outdated(f"{shipped().version} leaves tagging to {row.base_version}; stop the older worker.")
        key = (row.id, row.version) if row else None
        if before is not None and before.key == key:
            return before.tagger
        payload = session.scalar(sa.select(Model.payload).where(Model.id == row.id)) if row else None
    try:
        tagger = with_learned(payload, second_look=_looks_twice()) if payload else _plain()
    except ModelRefused as refusal:
        log.error("the champion was refused, the model before serves on", extra={"model": key, "why": str(refusal)})
        tagger = before.tagger if before else _plain()
    _serving[place] = _Serving(key, tagger)
    return tagger


def with_learned(payload: bytes, *, second_look: bool = False) -> Tagger:
    """The shipped model with what these bytes say was learned. Raises ModelRefused."""
    model = shipped()
    version = version_of(model.version, payload)
    return Adapted(model, read_adapters(payload, model), version, second_look=second_look)


@lru_cache(maxsize=1)
def shipped() -> Weights:
    """The model that came with the code, read once per process. Raises ModelRefused."""
    return load_model(shipped_model())


def _plain() -> Tagger:
    return Tagger(shipped(), second_look=_looks_twice())


@lru_cache(maxsize=1)
def _looks_twice() -> bool:
    if load_settings().second_look and not available():
        log.error(
            "TRELLIS_SECOND_LOOK is on, and trellis-inbox[second-look] is not installed; messages are looked at once"
        )
    return load_settings().second_look and available()
