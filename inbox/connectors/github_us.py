"""Whose token a connection has, and what that may do in its repository. Used by `github` alone."""

from typing import Any

from inbox.connectors.contract import N_, Gone, NeedsPerson
from inbox.connectors.github_api import GitHubApi
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import web_address, words


def whose(api: GitHubApi, repository: str) -> dict[str, Any]:
    """The repository with our name and rights in it, as plain values. Raises ConnectorError."""
    try:
        found = mapping(api.get(f"/repos/{repository}"))
    except Gone:
        raise NeedsPerson(
            N_("%(repository)s is not there, or the token may not see it; check both.", repository=repository)
        ) from None
    if not found.get("id"):
        raise NeedsPerson(N_("This address does not speak GitHub's API; check it."))
    try:
        login = words(mapping(api.get("/user")).get("login"))
    except (Forbidden, Gone):
        # Tokens of apps are nobody's.
        login = ""
    owner, rights = mapping(found.get("owner")), mapping(found.get("permissions"))
    return {
        "name": repository,
        "id": text_of(found["id"]),
        "url": web_address(words(found.get("html_url"))),
        "login": login,
        "private": bool(found.get("private")),
        "organisation": words(owner.get("login")) if owner.get("type") == "Organization" else "",
        "moderates": not rights or any(rights.get(name) for name in ("admin", "maintain", "push", "triage")),
    }
