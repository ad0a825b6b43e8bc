"""Imports every table, for migrations and tests."""

from inbox.activity import models as activity
from inbox.channels import models as channels
from inbox.conversations import models as conversations
from inbox.conversations import search_index
from inbox.database import Base
from inbox.digests import models as digests
from inbox.ideas import models as ideas
from inbox.labels import models as labels
from inbox.members import models as members
from inbox.outbox import models as outbox
from inbox.teams import models as teams
from inbox.tickets import models as tickets
from inbox.trackers import models as trackers
from inbox.training import models as training

metadata = Base.metadata

__all__ = [
    "activity",
    "channels",
    "conversations",
    "digests",
    "ideas",
    "labels",
    "members",
    "metadata",
    "outbox",
    "search_index",
    "teams",
    "tickets",
    "trackers",
    "training",
]
