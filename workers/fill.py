"""Asks for what the messages of a poll answer where nobody knows it, before they are stored. Called by `read_stream`."""

import time
from dataclasses import dataclass

from inbox.channels.absent import find_absent, remember_absent
from inbox.channels.due import Claimed
from inbox.channels.fetch import thread
from inbox.connectors.contract import Batch, ChannelConnector
from inbox.conversations.fill_threads import fill_threads
from inbox.conversations.find_orphans import find_orphans
from inbox.database import Database

AT_ONCE = 20


@dataclass
class Filler:
    """For one poll: it asks for so many parents and for so long, whatever comes, because the messages themselves wait for it."""

    connector: ChannelConnector
    claimed: Claimed
    database: Database
    parents: int = 100
    seconds: float = 60.0

    def fill(self, batch: Batch) -> Batch:
        """The batch with what stands above its messages. No transaction waits for the network. Raises ConnectorError."""
        if type(self.connector).thread is ChannelConnector.thread:
            # What is answered comes along with the polls, or cannot be had at all.
            return batch
        if not all(isinstance(name, str) for each in batch.messages for name in (each.external_id, each.parent_id)):
            # What has another shape than promised is set aside when it is stored, and must hold up no other until then.
            return batch
        number = self.claimed.channel.id
        with self.database.reading() as session:
            orphans = find_orphans(session, number, batch.messages)
        absent = find_absent(number, [orphan.parent_id for orphan in orphans])
        orphans = [orphan for orphan in orphans if orphan.parent_id not in absent]
        while orphans and self.parents > 0 and self.seconds > 0:
            room = min(AT_ONCE, self.parents)
            some, orphans = orphans[:room], orphans[room:]
            began = time.monotonic()
            told = thread(self.connector, some)
            self.parents, self.seconds = self.parents - len(some), self.seconds - (time.monotonic() - began)
            remember_absent(number, [gone.external_id for gone in told.deletions])
            batch = fill_threads(batch, told.messages, self.claimed.since)
        return batch
