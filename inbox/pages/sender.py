"""Where the mail that Trellis writes itself leaves from."""

from inbox.channels.mailbox import find_mailbox
from inbox.outbox.carry_mail import signs_in_as
from inbox.web import house, reading


def find_sender() -> str:
    """The address that digests and ideas leave from; empty when there is no way out yet."""
    settings, mailbox = house().settings, find_mailbox(reading())
    own = str(mailbox.settings.get("address", "")) if mailbox else ""
    url = settings.smtp_url.get_secret_value()
    if not url:
        return (settings.mail_from or own) if mailbox else ""
    try:
        return settings.mail_from or own or signs_in_as(url)
    except ValueError:
        return ""
