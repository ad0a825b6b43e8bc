"""Answers on issues by REST, in discussions by GraphQL; and what was written there since. Used by `github` alone."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from inbox.connectors.contract import N_, OutcomeUnknown, Passing, Receipt
from inbox.connectors.github_api import GitHubApi
from inbox.connectors.github_discussions import comments_of
from inbox.connectors.github_read import COMMENT, DISCUSSION, REMARK
from inbox.connectors.handles import number_in, word_in
from inbox.connectors.http import read_json
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.lenient import web_address, words
from inbox.connectors.our_answer import AHEAD

PAGE = 100
PAGES = 20
ANSWER = """mutation($discussion: ID!, $below: ID, $body: String!) {
  addDiscussionComment(input: {discussionId: $discussion, replyToId: $below, body: $body}) {
    comment { databaseId url }
  }
}"""
PLACE = """query($id: ID!) {
  node(id: $id) { ... on Discussion { id } ... on DiscussionComment { id replyTo { id } discussion { id } } }
}"""


def answer(api: GitHubApi, path: str, handle: Mapping[str, Any], body: str) -> Receipt:
    """A comment on the issue, or in the discussion below what is answered. `path` is the repository's."""
    identity = word_in(handle, "node_id")
    if handle.get("kind") in {DISCUSSION, REMARK}:
        top, below = _place(api, identity)
        asked = {"discussion": top, "below": below, "body": body}
        comment = mapping(mapping(api.mutate(ANSWER, asked).get("addDiscussionComment")).get("comment"))
        kind, number, address = REMARK, comment.get("databaseId"), comment.get("url")
    else:
        sent = mapping(api.do("POST", f"{path}/issues/{number_in(handle, 'number')}/comments", {"body": body}))
        kind, number, address = COMMENT, sent.get("id"), sent.get("html_url")
    if not isinstance(number, int):
        raise OutcomeUnknown(N_("GitHub does not say what became of the answer; it may have been accepted."))
    return Receipt(f"{kind}-{number}", web_address(words(address)))


def written_since(
    api: GitHubApi, path: str, handle: Mapping[str, Any], at: datetime | None
) -> Iterator[tuple[Any, str]]:
    """What was written where an answer belongs, and what it is; at issues only since a little before `at`.

    Raises Passing when that is too much to tell.
    """
    if handle.get("kind") in {DISCUSSION, REMARK}:
        top, _below = _place(api, word_in(handle, "node_id"))
        yield from ((raw, REMARK) for raw in comments_of(api, top) if mapping(raw).get("body"))
        return
    query = {"per_page": PAGE, "since": f"{at - AHEAD:%Y-%m-%dT%H:%M:%SZ}" if at else None}
    for number in range(1, PAGES + 1):
        response = api.read(f"{path}/issues/{number_in(handle, 'number')}/comments", {**query, "page": number})
        yield from ((raw, COMMENT) for raw in listed(read_json(response)))
        if "next" not in response.links:
            return
    raise Passing(N_("Too much was written since to tell whether the answer arrived; look at the issue."))


def _place(api: GitHubApi, identity: str) -> tuple[str, str | None]:
    """The discussion, and the comment that an answer goes below: there are two levels, no more."""
    node = mapping(api.query(PLACE, {"id": identity}).get("node"))
    top = words(mapping(node.get("discussion")).get("id"))
    if not top:
        return identity, None
    return top, words(mapping(node.get("replyTo")).get("id")) or words(node.get("id"))
