"""What a moderation act is in the words of the Bot API. Used by `telegram` alone."""

from datetime import timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import N_, Act, ActName, Refused
from inbox.connectors.handles import number_in

LIKED = {"type": "emoji", "emoji": "👍"}
# Telegram takes an end that is closer than half a minute for none at all.
SHORTEST = timedelta(minutes=1)
WRITING = [
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
]
# A restriction is lifted by allowing everything; what the group allows nobody stays forbidden.
EVERYTHING = [*WRITING, "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics"]


def call_for(act: Act) -> tuple[str, dict[str, Any]]:
    """Method and body of an act. Raises Refused where it makes no sense for this very message."""
    chat = {"chat_id": number_in(act.handle, "chat_id")}
    if act.name is ActName.DELETE:
        return "deleteMessage", {**chat, "message_id": number_in(act.handle, "message_id")}
    if act.name is ActName.LIKE:
        reaction = [] if act.undo else [LIKED]
        return "setMessageReaction", {**chat, "message_id": number_in(act.handle, "message_id"), "reaction": reaction}
    if act.handle.get("is_private"):
        raise Refused(N_("This is a private chat; people can be muted or banned in groups only."))
    if act.handle.get("sender_chat_id") is not None:
        return _against_chat(act, chat)
    return _against_person(act, {**chat, "user_id": number_in(act.handle, "person_id")})


def _against_chat(act: Act, chat: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    # Whoever writes as a channel has a stand-in as sender, whom others write behind too.
    sender = number_in(act.handle, "sender_chat_id")
    if sender == chat["chat_id"]:
        raise Refused(N_("This was written by an admin of the group in its name."))
    if act.name is ActName.MUTE or act.until:
        raise Refused(N_("Telegram can only ban a channel that writes in a group, and only for ever."))
    return ("unbanChatSenderChat" if act.undo else "banChatSenderChat"), {**chat, "sender_chat_id": sender}


def _against_person(act: Act, person: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if act.undo and act.name is ActName.BAN:
        # Without `only_if_banned` a member would be thrown out by this.
        return "unbanChatMember", {**person, "only_if_banned": True}
    if act.undo:
        return "restrictChatMember", {**person, "permissions": dict.fromkeys(EVERYTHING, True)}
    until = {"until_date": int(max(act.until, now() + SHORTEST).timestamp())} if act.until else {}
    if act.name is ActName.BAN:
        return "banChatMember", {**person, **until}
    return "restrictChatMember", {**person, "permissions": dict.fromkeys(WRITING, False), **until}
