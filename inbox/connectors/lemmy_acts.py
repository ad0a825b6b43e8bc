"""What each moderation act asks a Lemmy server for. Used by `lemmy` alone."""

from typing import Any

from inbox.connectors.contract import N_, Act, ActName, Refused
from inbox.connectors.handles import number_in


def asked_for(act: Act) -> tuple[str, dict[str, Any]]:
    """Path and body of an act."""
    handle, wanted = act.handle, not act.undo
    reason = {"reason": act.reason[:500]} if act.reason else {}
    if act.name is ActName.BLOCK:
        return "/user/block", {"person_id": number_in(handle, "person_id"), "block": wanted}
    kind = next((kind for kind in ("comment", "private_message") if f"{kind}_id" in handle), "post")
    about = {f"{kind}_id": number_in(handle, f"{kind}_id")}
    if act.name is ActName.REPORT:
        return f"/{kind}/report", {**about, "reason": act.reason[:500] or "Reported in Trellis"}
    if kind == "private_message":
        raise Refused(N_("A private message can only be reported, and its author blocked."))
    if act.name is ActName.DELETE:
        return f"/{kind}/remove", {**about, "removed": wanted, **reason}
    if act.name is ActName.LIKE:
        return f"/{kind}/like", {**about, "score": 1 if wanted else 0}
    if act.name is ActName.LOCK:
        return "/post/lock", {"post_id": number_in(handle, "post_id"), "locked": wanted}
    until = {"expires": int(act.until.timestamp())} if act.until and wanted else {}
    whom = {"community_id": number_in(handle, "community_id"), "person_id": number_in(handle, "person_id")}
    return "/community/ban_user", {**whom, "ban": wanted, "remove_data": False, **reason, **until}
