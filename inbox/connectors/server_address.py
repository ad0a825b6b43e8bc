"""The address of a server as somebody typed it, made whole. For connectors whose platform has many servers."""

from typing import Annotated

import httpx
from pydantic import AfterValidator

from inbox.connectors.contract import N_


def server_address(typed: str) -> str:
    """Scheme and host ("https://mastodon.social"); https when no scheme was typed. Raises ValueError for anything else."""
    try:
        url = httpx.URL(typed if "://" in typed else f"https://{typed}")
    except httpx.InvalidURL:
        raise ValueError(N_("is not the address of a server")) from None
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise ValueError(N_("is not the address of a server"))
    return f"{url.scheme}://{url.netloc.decode()}"


ServerAddress = Annotated[str, AfterValidator(server_address)]
