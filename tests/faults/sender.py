"""A worker of the outbox that the fault tests start, slow down and kill; its platform is a file that only grows.

Run as: python sender.py FILE MOMENT, where MOMENT is when it kills itself: opened, accepted, settling, looked or never.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import event  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

from inbox.connectors.contract import OutgoingReply, Receipt  # noqa: E402
from inbox.outbox.carriers import Carriers  # noqa: E402
from workers import rescue, send  # noqa: E402

PLATFORM, MOMENT = Path(sys.argv[1]), sys.argv[2]
SLOWLY = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0


def die_if(moment: str) -> None:
    """What `kill -9` at this moment does."""
    if moment == MOMENT:
        os.kill(os.getpid(), signal.SIGKILL)


class FilePlatform:
    """Accepts a reply by appending its key."""

    def send(self, reply: OutgoingReply) -> Receipt:
        die_if("opened")
        time.sleep(SLOWLY)
        with PLATFORM.open("a") as file:
            file.write(f"{reply.key}\n")
            file.flush()
            os.fsync(file.fileno())
        time.sleep(SLOWLY)
        die_if("accepted")
        if MOMENT == "settling":
            event.listen(Session, "before_commit", lambda _session: die_if("settling"))
        return Receipt(f"external-{reply.key}", f"https://platform.example/{reply.key}")

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        found = PLATFORM.exists() and reply.key in PLATFORM.read_text().splitlines()
        die_if("looked")
        return Receipt(f"external-{reply.key}") if found else None


def open_carriers(*_arguments: Any) -> Carriers:
    """The file instead of the network; everything else is the product."""
    return Carriers(
        channel=lambda _channel: FilePlatform(),  # type: ignore[arg-type,return-value]
        tracker=lambda _tracker: None,  # type: ignore[arg-type,return-value]
        mail=lambda _key, _payload, _mailbox: Receipt(),
    )


if __name__ == "__main__":
    send.open_carriers = rescue.open_carriers = open_carriers  # type: ignore[attr-defined]
    rescue.rescue(60)
    send.send(60)
