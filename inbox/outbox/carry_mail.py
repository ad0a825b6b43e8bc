"""Sends digests, notices and ideas by mail: through the mail server of the settings, or else the first e-mail channel."""

import base64
from collections.abc import Mapping
from typing import Any

from inbox.config import Settings
from inbox.connectors.contract import N_, ChannelConnector, NeedsPerson, Receipt
from inbox.connectors.smtp import Mail, SmtpServer, send_mail, server_from_url

NO_MAILBOX = N_("There is no mailbox to send from; set TRELLIS_SMTP_URL or connect an e-mail channel.")
NO_SENDER = N_("The sender of mails is not known; set TRELLIS_MAIL_FROM.")


def carry_mail(key: str, payload: Mapping[str, Any], settings: Settings, mailbox: ChannelConnector | None) -> Receipt:
    """Send the mail in `payload` (to, subject, text, html, headers, from_name, images with base64) once.

    `mailbox` is the connector of an e-mail channel, if there is one. Raises ConnectorError; ValueError for a bad payload.
    """
    server, name, address = _sender(settings, mailbox)
    mail = Mail(
        key=key,
        to=str(payload["to"]),
        subject=str(payload["subject"]),
        text=str(payload["text"]),
        html=str(payload.get("html", "")),
        headers=dict(payload.get("headers", {})),
        from_name=str(payload.get("from_name") or name),
        from_address=address,
        images=[(cid, kind, base64.b64decode(content)) for cid, kind, content in payload.get("images", ())],
    )
    return send_mail(server, mail)


def _sender(settings: Settings, mailbox: ChannelConnector | None) -> tuple[SmtpServer, str, str]:
    own: tuple[SmtpServer, str, str] | None = mailbox.system_mailbox if mailbox is not None else None  # type: ignore[attr-defined]
    url = settings.smtp_url.get_secret_value()
    if url:
        try:
            server = server_from_url(url)
        except ValueError as error:
            raise NeedsPerson(N_("TRELLIS_SMTP_URL cannot be used: it %(error)s.", error=error)) from None
        address = settings.mail_from or (own[2] if own else "") or signs_in_as(url)
        if not address:
            raise NeedsPerson(NO_SENDER)
        return server, "Trellis", address
    if own is None:
        raise NeedsPerson(NO_MAILBOX)
    # That server accepts mail from its own address; another sender is the operator's explicit wish.
    return own[0], own[1] or "Trellis", settings.mail_from or own[2]


def signs_in_as(url: str) -> str:
    """The address that a mail server's URL signs in with; empty when its user is none. Raises ValueError for a bad URL."""
    user = server_from_url(url).user
    return user if "@" in user else ""
