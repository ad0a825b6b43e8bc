"""What a moderation act is in the words of Discord's API, and how a missing right is told. Used by `discord` alone."""

from datetime import timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import N_, Act, ActName, Refused
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, segment
from inbox.connectors.lenient import words

LONGEST_TIME_OUT = timedelta(days=28) - timedelta(minutes=1)
THUMB = "%F0%9F%91%8D"


def call_for(act: Act, guild: str) -> tuple[str, str, Any]:
    """Method, path and body of an act. Raises Refused where it makes no sense for this very message."""
    if act.name in {ActName.DELETE, ActName.LIKE}:
        path = f"/channels/{segment(words(act.handle.get('channel_id')))}/messages/{segment(act.message_id)}"
        if act.name is ActName.DELETE:
            return "DELETE", path, None
        return ("DELETE" if act.undo else "PUT"), f"{path}/reactions/{THUMB}/@me", None
    person = segment(words(act.handle.get("person_id")))
    if act.name is ActName.MUTE:
        longest = now() + LONGEST_TIME_OUT
        until = None if act.undo else min(act.until or longest, longest).isoformat()
        return "PATCH", f"/guilds/{guild}/members/{person}", {"communication_disabled_until": until}
    if act.undo:
        return "DELETE", f"/guilds/{guild}/bans/{person}", {}
    if act.until:
        raise Refused(N_("Discord bans for ever; mute the person for a time instead."))
    return "PUT", f"/guilds/{guild}/bans/{person}", {"delete_message_seconds": 0}


def allowed(api: JsonApi, method: str, path: str, body: Any = None, reason: str = "") -> Any:
    """A change, made once; a missing right concerns this very thing, not the connection."""
    # Headers are ASCII; Discord decodes per cent.
    headers = {"X-Audit-Log-Reason": segment(reason[:100])} if reason.strip(". ") else None
    try:
        return api.change(method, path, body, headers=headers)
    except Forbidden as error:
        raise Refused(
            N_("%(error)s Give the bot the right, or move its role above the person's.", error=error)
        ) from None
