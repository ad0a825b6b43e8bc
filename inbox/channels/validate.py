"""Asks a channel's connector whether it would refuse an answer, while whoever wrote it can still mend it. No network."""

import logging

from inbox.channels.models import Channel
from inbox.channels.open import open_connector
from inbox.config import Settings
from inbox.connectors.contract import ConnectorError, OutgoingReply, Refused
from inbox.database import Database
from inbox.vault import Vault

log = logging.getLogger(__name__)


def validate(channel: Channel, reply: OutgoingReply, database: Database, vault: Vault, settings: Settings) -> None:
    """Raises Refused with the reason when sending surely would. What can only be told later is told later."""
    if channel.is_sample:
        return
    try:
        open_connector(channel, database, vault, settings).validate(reply)
    except Refused:
        raise
    except ConnectorError:
        # A channel that does not open says so when the answer is to leave.
        return
    except Exception:  # a connector's mistake must not keep an answer from being tried
        log.exception("validate broke", extra={"kind": channel.kind})
