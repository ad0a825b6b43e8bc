"""Reads a repository's discussions by GraphQL: those that changed, each with what was said in it since. Used by `github` alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import Batch, Deletion
from inbox.connectors.github_api import GitHubApi
from inbox.connectors.github_read import DISCUSSION, REMARK, read_placed
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.lenient import dicts, moment, words
from inbox.connectors.read_each import Harvest, Place, read_each

VERSION = 1
REMEMBERED = 500
PAGES = 200
PERSON = "author { __typename login avatarUrl url ... on User { databaseId } ... on Bot { databaseId } }"
SAID = f"id databaseId body url createdAt updatedAt lastEditedAt reactions {{ totalCount }} {PERSON}"
CHANGED = f"""
query($owner: String!, $name: String!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    discussions(first: 50, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      nodes {{ number title comments {{ totalCount }} {SAID} }}
      pageInfo {{ endCursor hasNextPage }}
    }}
  }}
}}"""
TALK = f"{SAID} deletedAt"
COMMENTS = f"""
query($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on Discussion {{
      comments(first: 50, after: $after) {{
        nodes {{ {TALK} replies(first: 50) {{ nodes {{ {TALK} }} pageInfo {{ endCursor hasNextPage }} }} }}
        pageInfo {{ endCursor hasNextPage }}
      }}
    }}
  }}
}}"""
REPLIES = f"""
query($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on DiscussionComment {{
      replies(first: 50, after: $after) {{ nodes {{ {TALK} }} pageInfo {{ endCursor hasNextPage }} }}
    }}
  }}
}}"""


def poll_discussions(
    api: GitHubApi, repository: str, our_login: str, cursor: Mapping[str, Any], since: datetime | None, *, private: bool
) -> Iterator[Batch]:
    """Discussions that changed, newest change first until known; of each what is newer than what was read of it."""
    owner, _, name = repository.partition("/")
    read_to = {number: at for number, at in mapping(cursor.get("read_to")).items() if isinstance(at, str)}

    def page(after: str | None) -> Page[Any]:
        found = mapping(api.query(CHANGED, {"owner": owner, "name": name, "after": after}).get("repository"))
        shown = mapping(found.get("discussions"))
        nodes = listed(shown.get("nodes"))
        info = mapping(shown.get("pageInfo"))
        # A discussion that changes comes again.
        stamped = [(f"{mapping(n).get('id')} {mapping(n).get('updatedAt')}", _changed_at(n), n) for n in nodes]
        return Page(stamped, words(info.get("endCursor")) or None if info.get("hasNextPage") else None)

    for changed, state in catch_up(page, cursor, since):
        whole, gone = Harvest(), list[Deletion]()
        for raw in changed:
            number = str(mapping(raw).get("number"))
            border = moment(read_to.pop(number, "")) or since
            entries = _talk(api, raw, border)
            gone += [
                Deletion(f"{REMARK}-{entry.get('databaseId')}") for entry in map(mapping, entries) if _is_gone(entry)
            ]
            whole.add(_read([e for e in entries if not _is_gone(mapping(e))], raw, our_login, private))
            if at := _changed_at(raw):
                read_to[number] = at.isoformat()
        read_to = dict(list(read_to.items())[-REMEMBERED:])
        after = {"v": VERSION, **state, "read_to": dict(read_to)}
        yield Batch(whole.messages, gone, whole.bad, whole.filtered, after)


def _talk(api: GitHubApi, raw: Any, border: datetime | None) -> list[Any]:
    """A discussion and what was said in it, without what is not newer than `border`: that was read before."""
    identity = words(mapping(raw).get("id"))
    remarks = list(comments_of(api, identity)) if identity else []
    return [entry for entry in [raw, *remarks] if (at := _changed_at(entry)) is None or border is None or at >= border]


def _read(entries: Sequence[Any], discussion: Any, our_login: str, private: bool) -> Harvest:
    about = mapping(discussion)

    def place(entry: Any) -> Place:
        kind = DISCUSSION if entry is discussion else REMARK
        return {"kind": kind, "number": about.get("number"), "title": words(about.get("title"))}

    return read_each(
        entries, lambda entry: read_placed(entry, place(entry), our_login=our_login, private=private), place
    )


def _is_gone(entry: Mapping[str, Any]) -> bool:
    # A comment that was answered leaves an empty place.
    return entry.get("deletedAt") is not None


def comments_of(api: GitHubApi, discussion: str) -> Iterator[Any]:
    """All comments of a discussion, each followed by the answers to it."""
    for comment in _pages(api, COMMENTS, discussion, "comments"):
        yield {name: value for name, value in mapping(comment).items() if name != "replies"} or comment
        replies = mapping(mapping(comment).get("replies"))
        info = mapping(replies.get("pageInfo"))
        yield from dicts(replies.get("nodes"))
        if info.get("hasNextPage"):
            yield from _pages(api, REPLIES, words(comment.get("id")), "replies", words(info.get("endCursor")))


def _pages(api: GitHubApi, document: str, identity: str, field: str, after: str | None = None) -> Iterator[Any]:
    for _ in range(PAGES):
        shown = mapping(mapping(api.query(document, {"id": identity, "after": after}).get("node")).get(field))
        yield from listed(shown.get("nodes") or [])
        info = mapping(shown.get("pageInfo"))
        after = words(info.get("endCursor"))
        if not info.get("hasNextPage") or not after:
            return


def _changed_at(raw: Any) -> datetime | None:
    return moment(mapping(raw).get("updatedAt"))
