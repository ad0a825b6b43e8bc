"""What a moderation act is at GitHub: mostly GraphQL, which knows everything by one kind of id. Used by `github` alone."""

from inbox.connectors.contract import N_, Act, ActName, Gone, Refused
from inbox.connectors.github_api import GitHubApi
from inbox.connectors.github_read import COMMENT, DISCUSSION, ISSUE, REMARK
from inbox.connectors.handles import word_in
from inbox.connectors.json_api import mapping, segment
from inbox.connectors.lenient import words

DELETES = {
    ISSUE: "mutation($id: ID!) { deleteIssue(input: {issueId: $id}) { clientMutationId } }",
    COMMENT: "mutation($id: ID!) { deleteIssueComment(input: {id: $id}) { clientMutationId } }",
    DISCUSSION: "mutation($id: ID!) { deleteDiscussion(input: {id: $id}) { clientMutationId } }",
    REMARK: "mutation($id: ID!) { deleteDiscussionComment(input: {id: $id}) { clientMutationId } }",
}
HIDE = """mutation($id: ID!, $why: ReportedContentClassifiers!) {
  minimizeComment(input: {subjectId: $id, classifier: $why}) { clientMutationId }
}"""
SHOW = "mutation($id: ID!) { unminimizeComment(input: {subjectId: $id}) { clientMutationId } }"
LIKE = "mutation($id: ID!) { addReaction(input: {subjectId: $id, content: THUMBS_UP}) { clientMutationId } }"
UNLIKE = "mutation($id: ID!) { removeReaction(input: {subjectId: $id, content: THUMBS_UP}) { clientMutationId } }"
LOCK = "mutation($id: ID!) { lockLockable(input: {lockableId: $id}) { clientMutationId } }"
UNLOCK = "mutation($id: ID!) { unlockLockable(input: {lockableId: $id}) { clientMutationId } }"
PLACE = """query($id: ID!) {
  node(id: $id) {
    ... on Issue { id locked }
    ... on PullRequest { id locked }
    ... on Discussion { id locked }
    ... on IssueComment { issue { id locked } pullRequest { id locked } }
    ... on DiscussionComment { id replyTo { id } discussion { id locked } }
  }
}"""


def do_act(api: GitHubApi, act: Act, *, organisation: str) -> None:
    """Do or undo an act; what is done already is done. `organisation` is empty where a person owns the repository."""
    if act.name is ActName.BLOCK:
        _block(api, act, organisation)
        return
    identity, kind = word_in(act.handle, "node_id"), act.handle.get("kind")
    if act.name is ActName.DELETE:
        try:
            api.mutate(DELETES.get(str(kind), DELETES[COMMENT]), {"id": identity})
        except Gone:
            pass  # somebody was quicker
    elif act.name is ActName.LOCK:
        _lock(api, identity, undo=act.undo)
    elif act.name is ActName.LIKE:
        api.mutate(UNLIKE if act.undo else LIKE, {"id": identity})
    elif kind not in {COMMENT, REMARK}:
        raise Refused(N_("GitHub hides comments only; lock or delete what stands at the top."))
    elif act.undo:
        api.mutate(SHOW, {"id": identity})
    else:
        api.mutate(HIDE, {"id": identity, "why": "SPAM" if act.name is ActName.MARK_SPAM else "OFF_TOPIC"})


def _lock(api: GitHubApi, identity: str, *, undo: bool) -> None:
    node = mapping(api.query(PLACE, {"id": identity}).get("node"))
    place = next((mapping(node[name]) for name in ("issue", "pullRequest", "discussion") if node.get(name)), node)
    if not place.get("id"):
        raise Gone(N_("GitHub says it is not there."))
    if bool(place.get("locked")) is undo:
        api.mutate(UNLOCK if undo else LOCK, {"id": place["id"]})


def _block(api: GitHubApi, act: Act, organisation: str) -> None:
    login = segment(words(act.handle.get("login")))
    path = f"/orgs/{segment(organisation)}/blocks/{login}" if organisation else f"/user/blocks/{login}"
    try:
        api.do("DELETE" if act.undo else "PUT", path)
    except Gone:
        if not act.undo:
            raise
    except Refused as refusal:
        if act.undo:
            raise
        # Who is blocked already is refused too.
        try:
            api.read(path)
        except Gone:
            raise refusal from None
