"""What a moderator can do in Matrix rooms: take words away, ban, ignore, report, like. Used by `matrix` alone."""

from collections.abc import Mapping
from typing import Any

from inbox.connectors.contract import N_, Act, ActName, Gone, Receipt, Refused
from inbox.connectors.json_api import mapping, segment
from inbox.connectors.lenient import words
from inbox.connectors.matrix_api import MatrixApi, transaction

IGNORED = "m.ignored_user_list"


def do_act(api: MatrixApi, act: Act) -> Receipt:
    """Do or undo it, in the message's room. Raises ConnectorError."""
    at, name = f"/v3/rooms/{segment(words(act.handle.get('room')))}", words(act.handle.get("event"))
    key = transaction(act.key, f"{act.name} {act.undo}")
    if act.name is ActName.LIKE:
        return _like(api, at, act, name, key)
    if act.name is ActName.DELETE:
        api.do("PUT", f"{at}/redact/{segment(name)}/{key}", _reason(act))
    elif act.name is ActName.REPORT:
        api.do("POST", f"{at}/report/{segment(name)}", {"reason": act.reason})
    elif act.name is ActName.BAN:
        _ban(api, at, act)
    else:
        _ignore(api, act)
    return Receipt(act.message_id)


def _ban(api: MatrixApi, at: str, act: Act) -> None:
    if act.until:
        raise Refused(N_("Matrix bans for ever; lift the ban when it is time."))
    try:
        member: Any = api.get(f"{at}/state/m.room.member/{segment(act.author_id)}")
    except Gone:
        member = {}
    # Unbanning somebody who is not banned is refused.
    if not act.undo or mapping(member).get("membership") == "ban":
        api.do("POST", f"{at}/{'unban' if act.undo else 'ban'}", {"user_id": act.author_id, **_reason(act)})


def _ignore(api: MatrixApi, act: Act) -> None:
    path = f"/v3/user/{segment(api.our_id or api.sign_in())}/account_data/{IGNORED}"
    # The list is written as a whole: of two at once, one would be lost.
    with api.memory.alone():
        try:
            ignored = dict(mapping(mapping(api.get(path)).get("ignored_users")))
        except Gone:
            ignored = {}
        if act.undo:
            ignored.pop(act.author_id, None)
        else:
            ignored[act.author_id] = {}
        api.do("PUT", path, {"ignored_users": ignored})


def _like(api: MatrixApi, at: str, act: Act, name: str, key: str) -> Receipt:
    if act.undo:
        if given := words(act.undo_state.get("event")):
            api.do("PUT", f"{at}/redact/{segment(given)}/{key}", {})
        return Receipt(act.message_id)
    relation = {"rel_type": "m.annotation", "event_id": name, "key": "👍"}
    try:
        given = words(api.do("PUT", f"{at}/send/m.reaction/{key}", {"m.relates_to": relation}).get("event_id"))
    except Refused as error:
        if error.answer.get("errcode") != "M_DUPLICATE_ANNOTATION":
            raise
        given = ""
    return Receipt(act.message_id, state={"event": given})


def _reason(act: Act) -> Mapping[str, str]:
    return {"reason": act.reason} if act.reason else {}
