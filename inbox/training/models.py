"""Models that this inbox has trained, which of them serves, and who contradicts everybody else."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.clock import now
from inbox.database import Base, BigId
from inbox.teams.models import Teammate


class ModelState(StrEnum):
    """A model in training is a challenger; it becomes champion or is refused. Abandoned: its training died three times."""

    TRAINING = "training"
    CHAMPION = "champion"
    FORMER = "former"
    REFUSED = "refused"
    ABANDONED = "abandoned"


class Model(Base):
    """What corrections made of the shipped model `base_version`: `payload` is changes to it, sealed; at most one serves.

    A row whose version is its `base_version` is the shipped model alone, and workers of that version of Trellis count as
    running until its `claimed_until`; a newer version's row has the greater id. `made_by_id` is None for the nightly training.
    `figures` holds macro-F1 as {"frozen" | "corrections": {language: {"rows", "champion", "challenger", "worse"}}}, where
    `worse` is the chance that the challenger is the weaker one. `reason` and `reason_fields` say why it was refused.
    While it trains, `step` of `steps` is done, and it is somebody's until `claimed_until`; `tries` counts who had it.
    """

    __tablename__ = "models"
    __table_args__ = (
        Index(
            "ix_models_training",
            "state",
            unique=True,
            sqlite_where=text("state = 'training'"),
            postgresql_where=text("state = 'training'"),
        ),
        Index(
            "ix_models_champion",
            "state",
            unique=True,
            sqlite_where=text("state = 'champion'"),
            postgresql_where=text("state = 'champion'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[str] = mapped_column(String(60), default="")
    base_version: Mapped[str] = mapped_column(String(60), default="")
    state: Mapped[ModelState] = mapped_column(String(20), default=ModelState.TRAINING)
    requested_at: Mapped[datetime] = mapped_column(default=now)
    made_at: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id"))
    serving_since: Mapped[datetime | None]
    examples: Mapped[int] = mapped_column(default=0)
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(String(40), default="")
    reason_fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]

    made_by: Mapped[Teammate | None] = relationship()

    @property
    def is_base(self) -> bool:
        """Whether it is the shipped model, with nothing learned here."""
        return bool(self.version) and self.version == self.base_version


class Decision(StrEnum):
    """What a person said about a teammate who contradicts the others; until somebody speaks they are left out."""

    USE = "use"
    LEAVE_OUT = "leave_out"


class Contradiction(Base):
    """A teammate whose corrections contradict what the others' teach, as found by the last training.

    Of `corrections` of theirs, `contradicted` are confidently answered otherwise by a model of all others' corrections.
    `examples` are some of them: {"message_id", "theirs", "others"} with tags separated by spaces.
    """

    __tablename__ = "contradictions"

    teammate_id: Mapped[int] = mapped_column(BigId, ForeignKey("teammates.id"), primary_key=True, autoincrement=False)
    found_at: Mapped[datetime] = mapped_column(default=now)
    corrections: Mapped[int]
    contradicted: Mapped[int]
    examples: Mapped[list[Any]] = mapped_column(default=list)
    decision: Mapped[Decision | None] = mapped_column(String(20))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id"))
    decided_at: Mapped[datetime | None]

    teammate: Mapped[Teammate] = relationship(foreign_keys=[teammate_id])
