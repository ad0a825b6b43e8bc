"""Opens what carries deliveries, for the workers that send and look."""

from inbox.channels.models import Channel
from inbox.channels.open import open_connector
from inbox.channels.pace import LEFT_BY_PEOPLE
from inbox.config import Settings
from inbox.connectors.contract import ChannelConnector
from inbox.database import Database
from inbox.outbox.carriers import Carriers
from inbox.outbox.carry_mail import carry_mail
from inbox.trackers.open import open_tracker
from inbox.vault import Vault


def open_carriers(settings: Settings, database: Database, vault: Vault) -> Carriers:
    """The carriers of this installation."""

    def open_channel(channel: Channel) -> ChannelConnector:
        return open_connector(channel, database, vault, settings, leaves=LEFT_BY_PEOPLE)

    return Carriers(
        channel=open_channel,
        tracker=lambda tracker: open_tracker(tracker, vault, allow_private_addresses=settings.allow_private_addresses),
        mail=lambda key, payload, mailbox: carry_mail(
            key, payload, settings, open_channel(mailbox) if mailbox is not None else None
        ),
    )
