"""Addresses of ours that an operator enters at a platform."""

from flask import url_for

from inbox.web import house


def return_address() -> str:
    """Where platforms send people back to after they have consented."""
    return house().settings.base_url + url_for("consents.finish")


def receiving_address(channel_id: int) -> str:
    """Where a platform or a program brings the messages of a channel."""
    return house().settings.base_url + url_for("receiving.create", channel_id=channel_id)
