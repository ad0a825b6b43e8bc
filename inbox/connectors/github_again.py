"""Asks GitHub for messages again, up to fifty in one question. Used by `github` alone."""

from collections.abc import Sequence
from typing import Any

from inbox.connectors.contract import Batch, Deletion, IncomingMessage, Known
from inbox.connectors.github_api import GitHubApi
from inbox.connectors.github_discussions import SAID
from inbox.connectors.github_read import message_of
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import words
from inbox.connectors.read_each import read_each

AGAIN = f"""
query($ids: [ID!]!) {{
  nodes(ids: $ids) {{
    id
    ... on Issue {{ number title comments {{ totalCount }} {SAID} }}
    ... on PullRequest {{ number title comments {{ totalCount }} {SAID} }}
    ... on IssueComment {{ {SAID} }}
    ... on Discussion {{ number title comments {{ totalCount }} {SAID} }}
    ... on DiscussionComment {{ {SAID} deletedAt }}
  }}
}}"""


def asked_again(api: GitHubApi, known: Sequence[Known], our_login: str, *, private: bool) -> Batch:
    """The messages as they are now; a node that is null, although it was asked for by its own id, is gone."""
    asked = [each for each in known if words(each.handle.get("node_id")) and isinstance(each.handle.get("number"), int)]
    if not asked:
        return Batch()
    nodes = api.query(AGAIN, {"ids": [each.handle["node_id"] for each in asked]}).get("nodes")
    pairs = list(zip(asked, nodes if isinstance(nodes, list) else [], strict=False))
    gone = [Deletion(each.external_id) for each, node in pairs if node is None or mapping(node).get("deletedAt")]
    there = [(each, node) for each, node in pairs if node is not None and not mapping(node).get("deletedAt")]

    def read(pair: Any) -> Sequence[IncomingMessage]:
        each, node = pair
        kind, number = words(each.handle.get("kind")), each.handle["number"]
        return (message_of(node, kind, number=number, our_login=our_login, private=private),)

    return Batch(read_each(there, read).messages, gone)
