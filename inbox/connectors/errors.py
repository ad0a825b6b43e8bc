"""What can go wrong at the border: a closed set, which says whether trying again makes sense."""

from collections.abc import Mapping
from typing import Any, ClassVar

from inbox.sentence import Sentence


class ConnectorError(Exception):
    """Something went wrong at the border. The text tells a person what happened and, where it helps, what to do.

    `status` and `answer` are what the platform said, where it said something, for the connector that knows its dialect.
    """

    needs_person: ClassVar[bool] = False

    def __init__(
        self,
        message: Sentence,
        *,
        retry_after: float | None = None,
        status: int = 0,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.sentence = message
        self.retry_after = retry_after
        self.status = status
        self.answer: Mapping[str, Any] = answer or {}


class Passing(ConnectorError):
    """A blip: time-out, 5xx, connection refused. Trying again makes sense. Nothing was done."""


class RateLimited(Passing):
    """The platform asks for patience; `retry_after` is in seconds."""


class NeedsPerson(ConnectorError):
    """Wrong or expired credentials, a missing right, a moved address: only a person can mend it."""

    needs_person = True


class Refused(ConnectorError):
    """The platform (or we) will never accept this very thing: too long, forbidden, malformed. Do not try again."""


class Gone(Refused):
    """What this is about no longer exists at the platform."""


class OutcomeUnknown(ConnectorError):
    """It left, but no answer came: it may have been accepted. Look (`find_sent`) before trying again.

    `external_id` is the id under which it left, where we gave it that: by it the platform may speak of it later.
    """

    def __init__(self, message: Sentence, *, external_id: str = "", **told: Any) -> None:
        super().__init__(message, **told)
        self.external_id = external_id
