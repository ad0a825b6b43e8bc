"""A worker that the fault tests start and kill: it needs a token that has run out, from a platform that rotates.

Run as: python refresher.py FILE CHANNEL MOMENT, where FILE grows by every refresh token that was spent, and MOMENT is when it
kills itself: asked, granted, kept or never. Says the token in the end, or `person` when one must sign in.
"""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402

from inbox.channels.models import Channel  # noqa: E402
from inbox.channels.open import open_connector  # noqa: E402
from inbox.config import load_settings  # noqa: E402
from inbox.connectors.contract import NeedsPerson  # noqa: E402
from workers.opened import open_database, open_vault  # noqa: E402

PLATFORM, NUMBER, MOMENT = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def die_if(moment: str) -> None:
    """What `kill -9` at this moment does."""
    if moment == MOMENT:
        os.kill(os.getpid(), signal.SIGKILL)


def answer(_transport: object, request: httpx.Request) -> httpx.Response:
    """The platform's token address: each refresh token is good once."""
    given = parse_qs(request.read().decode())["refresh_token"][0]
    die_if("asked")
    with PLATFORM.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        spent = file.read().split()
        good = given == f"refresh-{len(spent)}"
        if good:
            file.write(f"{given}\n")
    time.sleep(0.2)
    if not good:
        return httpx.Response(400, json={"error": "invalid_grant"}, request=request)
    fresh = {"access_token": f"access-{len(spent) + 1}", "refresh_token": f"refresh-{len(spent) + 1}"}
    die_if("granted")
    return httpx.Response(200, json={**fresh, "expires_in": 3600}, request=request)


if __name__ == "__main__":
    httpx.HTTPTransport.handle_request = answer  # type: ignore[method-assign, assignment]
    database = open_database()
    with database.reading() as session:
        channel = session.get_one(Channel, NUMBER)
        _ = channel.streams
    connector = open_connector(channel, database, open_vault(), load_settings())
    try:
        token = connector.refresh_auth()
    except NeedsPerson:
        token = "person"
    die_if("kept")
    print(token)
