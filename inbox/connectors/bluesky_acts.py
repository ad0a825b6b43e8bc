"""What can be done on Bluesky about a post or its author: like, hide, block, mute, report; all but the last can be undone."""

from collections.abc import Mapping
from typing import Any

from inbox.clock import now
from inbox.connectors.bluesky_api import BlueskyApi, is_missing
from inbox.connectors.bluesky_read import parts_of
from inbox.connectors.bluesky_text import record_key
from inbox.connectors.contract import N_, Act, Gone, Passing, Receipt, Refused
from inbox.connectors.json_api import mapping

BLOCK = "app.bsky.graph.block"
GATE = "app.bsky.feed.threadgate"
LIKE = "app.bsky.feed.like"
HIDDEN_AT_MOST = 300


def block(api: BlueskyApi, act: Act) -> Receipt:
    """Block the author, or take all our blocks of them back. Blocks on Bluesky are public."""
    did = act.author_id or str(act.handle.get("did") or "")
    viewer = mapping(api.get("app.bsky.actor.getProfile", {"actor": did}).get("viewer"))
    return _declare(api, act, BLOCK, did, record_key(f"block {did}"), viewer.get("blocking"))


def like(api: BlueskyApi, act: Act) -> Receipt:
    """Like the post, or take that back; everybody sees it."""
    found = api.get("app.bsky.feed.getPosts", {"uris": [act.message_id]}).get("posts")
    if not isinstance(found, list) or not found:
        raise Gone(N_("The post is gone on Bluesky."))
    view = mapping(found[0])
    subject = {"uri": act.message_id, "cid": str(view.get("cid") or act.handle.get("cid") or "")}
    there = mapping(view.get("viewer")).get("like")
    return _declare(api, act, LIKE, subject, record_key(f"like {act.message_id}"), there)


def mute(api: BlueskyApi, act: Act) -> Receipt:
    """Mute the author; nobody else sees that."""
    did = act.author_id or str(act.handle.get("did") or "")
    api.post(f"app.bsky.graph.{'unmuteActor' if act.undo else 'muteActor'}", {"actor": did})
    return Receipt(did)


def report(api: BlueskyApi, act: Act) -> Receipt:
    """Report the post to the moderation service of our server."""
    body = {
        "reasonType": "com.atproto.moderation.defs#reasonOther",
        "reason": act.reason[:1_900],
        "subject": {
            "$type": "com.atproto.repo.strongRef",
            "uri": act.message_id,
            "cid": str(act.handle.get("cid") or ""),
        },
    }
    return Receipt(str(api.post("com.atproto.moderation.createReport", body).get("id") or ""))


def hide(api: BlueskyApi, act: Act) -> Receipt:
    """Hide the reply in a thread that we started, or show it again; the rules of the thread stay as they are."""
    root = act.handle.get("root")
    root_uri = str(root.get("uri") or "") if isinstance(root, Mapping) else ""
    if not root_uri.startswith(f"at://{api.did}/") or root_uri == act.message_id:
        raise Refused(N_("Bluesky lets only those who started a thread hide a reply in it."))
    _did, key = parts_of(root_uri)
    gate, cid = _gate(api, key)
    hidden = [uri for uri in gate.get("hiddenReplies") or () if uri != act.message_id]
    if len(hidden) >= HIDDEN_AT_MOST and not act.undo:
        raise Refused(N_("Bluesky hides at most 300 replies in one thread; block or report the author instead."))
    hidden += [] if act.undo else [act.message_id]
    if hidden != list(gate.get("hiddenReplies") or ()):
        record = {"$type": GATE, "createdAt": stamp(), **gate, "post": root_uri, "hiddenReplies": hidden}
        body = {"repo": api.did, "collection": GATE, "rkey": key, "record": record, "swapRecord": cid}
        try:
            api.post("com.atproto.repo.putRecord", body)
        except Refused as error:
            if "InvalidSwap" in str(error):
                # Somebody changed it meanwhile; the next attempt starts from what they wrote.
                raise Passing(N_("The thread's rules changed at the same moment. %(error)s", error=error)) from None
            raise
    return Receipt(act.message_id, state={"root": root_uri})


def stamp() -> str:
    """Now, as records write it."""
    return now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _declare(api: BlueskyApi, act: Act, collection: str, subject: Any, key: str, there: Any) -> Receipt:
    """Say something about a subject in a record of ours, or unsay it; `there` is where we have said so already."""
    if not act.undo:
        if isinstance(there, str):
            return Receipt(there, state={"uri": there})
        record = {"$type": collection, "subject": subject, "createdAt": stamp()}
        # Under a key of its own, so that a second attempt changes nothing.
        body = {"repo": api.did, "collection": collection, "rkey": key, "record": record}
        uri = str(api.post("com.atproto.repo.putRecord", body).get("uri") or "")
        return Receipt(uri, state={"uri": uri})
    for rkey in {key, *(str(uri).rpartition("/")[2] for uri in (there, act.undo_state.get("uri")) if uri)}:
        # Deleting what is not there is fine.
        api.post("com.atproto.repo.deleteRecord", {"repo": api.did, "collection": collection, "rkey": rkey})
    return Receipt(act.author_id or act.message_id)


def _gate(api: BlueskyApi, key: str) -> tuple[Mapping[str, Any], str | None]:
    try:
        found = api.get("com.atproto.repo.getRecord", {"repo": api.did, "collection": GATE, "rkey": key})
    except Gone:
        return {}, None
    except Refused as error:
        if is_missing(error):
            return {}, None
        raise
    value = found.get("value")
    return (value if isinstance(value, dict) else {}), str(found["cid"]) if found.get("cid") else None
