"""The copy of each answer in the sent folder: the only proof a mail server gives of what has left.

The copy is put there before the mail is handed over, marked as a draft until the server has taken it. So whoever looks
later can tell "never left" (no copy) from "left" (copy) and from "nobody knows" (draft).
"""

from enum import Enum

from inbox.connectors.contract import N_, ConnectorError, OutcomeUnknown
from inbox.connectors.email_imap import Mailbox, open_mailbox
from inbox.connectors.email_signin import ImapServer


class Copy(Enum):
    """What the folders for sent mail say about one Message-ID."""

    NONE = "none"
    DRAFT = "draft"
    SENT = "sent"


def look_for_copy(server: ImapServer, message_id: str) -> Copy:
    """What is known about the mail. Raises OutcomeUnknown when the mailbox has no folder for sent mail."""
    with open_mailbox(server) as box:
        folders = [folder for folder in (box.folder("sent"), box.folder("all")) if folder]
        if not folders:
            raise OutcomeUnknown(
                N_("%(account)s has no folder for sent mail, so nobody can look it up.", account=server.user),
                external_id=message_id,
            )
        seen = [_state(box, folder, message_id) for folder in folders]
    return next((state for state in (Copy.SENT, Copy.DRAFT) if state in seen), Copy.NONE)


def begin_copy(server: ImapServer, message_id: str, content: bytes) -> Copy:
    """Before handing over: what is known, and a draft in the sent folder if there is such a folder and nothing in it yet."""
    with open_mailbox(server) as box:
        folder = box.folder("sent")
        if not folder:
            return Copy.NONE
        state = _state(box, folder, message_id)
        if state is Copy.NONE and not box.keeps_what_it_sends:
            box.append(folder, content, ["\\Seen", "\\Draft"])
        return state


def finish_copy(server: ImapServer, message_id: str, *, has_left: bool) -> None:
    """After handing over: the draft becomes a sent mail, or goes. Best effort: the mail has left or not, whatever this does."""
    try:
        with open_mailbox(server) as box:
            folder = box.folder("sent")
            if not folder:
                return
            box.enter(folder, writing=True)
            for uid in box.find(message_id):
                if has_left:
                    box.flag(uid, "Draft", on=False)
                elif box.marked(uid, "Draft"):
                    box.remove(uid)
    except ConnectorError:
        pass


def _state(box: Mailbox, folder: str, message_id: str) -> Copy:
    box.enter(folder)
    found = box.find(message_id)
    if any(not box.marked(uid, "Draft") for uid in found):
        return Copy.SENT
    return Copy.DRAFT if found else Copy.NONE
