"""Which acts a message's platform offers, and why the others are not possible."""

from dataclasses import dataclass

from inbox.connectors.contract import N_, ActName, Capabilities
from inbox.conversations.models import Direction, Message

ON_AUTHOR = frozenset({ActName.MUTE, ActName.BLOCK, ActName.BAN})
KIND = frozenset({ActName.LIKE, ActName.APPROVE})
# What is done most, and to the message before its author.
ORDER = (
    ActName.LIKE,
    ActName.APPROVE,
    ActName.HIDE,
    ActName.HOLD,
    ActName.MARK_SPAM,
    ActName.DELETE,
    ActName.LOCK,
    ActName.REPORT,
    ActName.MUTE,
    ActName.BLOCK,
    ActName.BAN,
)
NOT_FROM_OUTSIDE = N_("Only messages from outside can be moderated.")
NO_AUTHOR = N_("The platform does not say who wrote this.")
GONE = N_("This message has been deleted at its source.")
NOT_OFFERED = N_("The platform does not offer this.")


@dataclass(frozen=True, slots=True)
class Option:
    """One act; `because` is empty when it is possible, else an English message id. What `ends` can be for a time."""

    name: ActName
    because: str
    is_undoable: bool
    ends: bool

    @property
    def is_possible(self) -> bool:
        return not self.because

    @property
    def is_kind(self) -> bool:
        """Whether nobody needs to be given a reason for it."""
        return self.name in KIND


def options(message: Message, capabilities: Capabilities) -> list[Option]:
    """All acts in their fixed order; `capabilities` are those of the message's connector."""
    can = capabilities
    return [Option(name, _because(message, name, can), name in can.undoable, name in can.ends) for name in ORDER]


def _because(message: Message, name: ActName, capabilities: Capabilities) -> str:
    if message.direction != Direction.IN or not message.external_id or (message.identity and message.identity.is_us):
        return NOT_FROM_OUTSIDE
    if name not in capabilities.acts:
        return capabilities.because.get(name) or capabilities.because.get("acts") or NOT_OFFERED
    if name in ON_AUTHOR and message.identity is None:
        return NO_AUTHOR
    if name not in ON_AUTHOR and message.deleted_at is not None:
        return GONE
    return ""
