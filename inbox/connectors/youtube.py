"""YouTube, signed in with the channel's Google account: comments under its videos in; answers and moderation out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from inbox.connectors.above import parents_of
from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    Deletion,
    Group,
    Guide,
    IncomingMessage,
    Known,
    Metric,
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    Rate,
    Receipt,
    Refused,
    Retention,
    Setup,
    SignIn,
    StreamSpec,
)
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import words
from inbox.connectors.oauth import SignedIn, saved_tokens
from inbox.connectors.our_answer import is_our_answer, with_name
from inbox.connectors.read_each import Place, read_each, read_in_place
from inbox.connectors.watch_words import WordList, stream_names, word_of
from inbox.connectors.youtube_api import QUEUES, SEARCHES, SIGN_IN, YouTubeApi
from inbox.connectors.youtube_poll import VERSION, poll_latest, poll_older, poll_word
from inbox.connectors.youtube_read import SITE, VIDEO, message_of, read_placed

LIMIT = 10_000
# What each act makes of a comment, and what undoing it does.
STATUS = {
    ActName.HIDE: ("rejected", "published"),
    ActName.HOLD: ("heldForReview", "published"),
    ActName.APPROVE: ("published", "heldForReview"),
    ActName.BAN: ("rejected", ""),
}


class YouTubeSetup(Setup):
    """A client of one's own in Google Cloud; who answers is said by signing in."""

    client_id: str = Field(
        title=N_("Client ID"), description=N_("Ends with apps.googleusercontent.com."), min_length=5, max_length=300
    )
    client_secret: SecretStr = Field(title=N_("Client secret"))
    watch: WordList = Field(
        "",
        title=N_("Words to watch for"),
        description=N_("Videos of others that mention them, looked for every four hours. Separated with commas."),
        max_length=1_000,
    )


class YouTube(SignedIn):
    """One YouTube channel."""

    kind: ClassVar[str] = "youtube"
    label: ClassVar[str] = "YouTube"
    about: ClassVar[str] = N_("Comments under the videos of a channel.")
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = YouTubeSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        watches=True,
        acts=frozenset(STATUS),
        undoable=frozenset({ActName.HIDE, ActName.HOLD, ActName.APPROVE}),
        text_limit=LIMIT,
        refetches=50,
        metrics=frozenset({Metric.VIEWS, Metric.LIKES, Metric.REPLIES}),
        allows_training=False,
        because={
            ActName.DELETE: N_("On YouTube only its author can delete a comment; hiding it has the same effect."),
            ActName.MARK_SPAM: N_("YouTube no longer takes comments reported as spam; hide the comment instead."),
            ActName.LOCK: N_("YouTube offers programs no way to close a thread."),
            ActName.MUTE: N_("YouTube knows no muting by time; ban the person from the channel instead."),
            ActName.BLOCK: N_("People are banned from the channel instead."),
            ActName.REPORT: N_("Comments can be reported on YouTube itself only."),
            ActName.LIKE: N_("YouTube offers programs no way to like a comment."),
            "undo_ban": N_("Bans are lifted in YouTube Studio: Settings, Community."),
            "allows_training": N_("What YouTube gives must be asked for again or erased within 30 days."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("In the Google Cloud console, make a project and switch on the YouTube Data API v3."),
            N_("Under Google Auth Platform, choose External and put the app in production; testing ends after a week."),
            N_("Under Clients, make one of the type Web application, with the redirect address shown here."),
            N_("Copy client ID and client secret into this form."),
            N_("Sign in with the Google account that owns the YouTube channel."),
        ),
        gate=N_("Google warns of an unverified app at sign-in; for one's own channel this can be passed."),
        page="https://console.cloud.google.com/apis/library/youtube.googleapis.com",
    )
    # A project has 10,000 units a day: reading costs 1, writing 50. Searches are counted by themselves.
    rates: ClassVar[Sequence[Rate]] = (Rate(10_000, 86_400), Rate(100, 86_400, SEARCHES))
    retention: ClassVar[Retention] = Retention(
        refresh_days=30, because=N_("YouTube's developer policies: refresh or erase after 30 days.")
    )

    def sign_in(self) -> SignIn | None:
        """With Google, for a token that is renewed by itself."""
        return SIGN_IN

    def describe(self) -> Capabilities:
        """Reading only, where the consent does not cover more."""
        tokens = saved_tokens(self.surroundings)
        if tokens is None or not tokens.scopes or set(SIGN_IN.scopes) <= set(tokens.scopes):
            return self.capabilities
        why = N_("The consent covers reading only; sign in again and allow all that is asked.")
        because = {**self.capabilities.because, **dict.fromkeys(["replies", *STATUS], why)}
        return replace(self.capabilities, replies=False, acts=frozenset(), undoable=frozenset(), because=because)

    def check(self) -> Account:
        """Ask which channel signed in, and read its latest comments."""
        with self._open() as api:
            channel = api.our_channel()
            our_id = self._keep(channel)
            threads, _ = api.threads({"allThreadsRelatedToChannelId": our_id, "maxResults": 3})
        firsts = [mapping(mapping(thread).get("snippet")).get("topLevelComment") for thread in threads]
        latest = read_each(firsts, lambda raw: [message_of(raw, our_id=our_id, titles={})]).messages
        said = mapping(channel.get("snippet"))
        name = words(said.get("customUrl")) or words(said.get("title")) or our_id
        return Account(name, our_id, f"{SITE}/channel/{our_id}", latest)

    def streams(self) -> Sequence[StreamSpec]:
        """New comments, answers in older threads, what YouTube holds back, and a search for each word."""
        watched = [StreamSpec(name, every=4 * 3_600) for name in stream_names(self.settings.watch)]
        return (
            StreamSpec("comments", every=120),
            StreamSpec("older", every=1_800),
            StreamSpec("held", every=600),
            StreamSpec("spam", every=1_800),
            *watched,
        )

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Newest first until known; once an hour what was edited or deleted among the last 200."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            if word := word_of(stream):
                yield from poll_word(api, word, known, since)
                return
            our_id = self._our_id(api)
            if stream == "older":
                yield from poll_older(api, our_id, known, since)
            else:
                yield from poll_latest(api, our_id, known, since, queue=stream if stream in QUEUES else "")

    def refetch(self, known: Sequence[Known]) -> Batch:
        """Comments and videos as they are now. What YouTube holds back it does not show by its id; that is not gone."""
        videos = [each.external_id for each in known if each.external_id.startswith(VIDEO)]
        comments = {each.external_id: each for each in known if not each.external_id.startswith(VIDEO)}
        with self._open() as api:
            our_id = self._our_id(api)
            found = api.comments(list(comments))
            shown = api.videos([name.removeprefix(VIDEO) for name in videos])
            held = api.waiting(our_id) if len(found) < len(comments) else set()

        def place(raw: Any) -> Place:
            name = text_of(mapping(raw).get("id"))
            return {"about": _video_of(comments[name].handle)} if name in comments else {"video": name}

        there = [*(raw for name, raw in found.items() if name in comments), *shown.values()]
        harvest = read_each(there, lambda raw: [read_placed(raw, place(raw), our_id=our_id)], place)
        gone = [name for name in comments if name not in found and name not in held]
        gone += [name for name in videos if name.removeprefix(VIDEO) not in shown]
        return Batch(harvest.messages, [*map(Deletion, gone)], harvest.bad)

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """The comment that began the thread."""
        return self.refetch(parents_of(orphans, lambda orphan: {"video_id": _video_of(orphan.reply_handle)}))

    def reread(self, raw: str) -> Batch:
        """A comment, or a video that was found; what is known of its video was kept with it."""
        our_id = words(self.surroundings.memory.load().get("channel_id"))
        return read_in_place(raw, lambda row, place: [read_placed(row, place, our_id=our_id)])

    def validate(self, reply: OutgoingReply) -> None:
        """Too long with the name of whom it answers, or empty."""
        text = with_name(reply)
        if not reply.text.strip() or len(text) > LIMIT:
            raise Refused(
                N_(
                    "A comment has between 1 and %(limit)s characters; this one has %(length)s.",
                    limit=LIMIT,
                    length=len(text),
                )
            )

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer in the thread; threads have two levels, so that an answer to an answer begins with its author's name."""
        self.validate(reply)
        handle, said = reply.parent_handle, {"textOriginal": with_name(reply)}
        video_id, thread_id = _video_of(handle), words(handle.get("thread_id"))
        with self._open() as api:
            if handle.get("is_video"):
                snippet = {"videoId": video_id, "topLevelComment": {"snippet": said}}
                if channel_id := words(handle.get("channel_id")):
                    snippet["channelId"] = channel_id
                sent = api.write("/commentThreads", {"part": "snippet"}, {"snippet": snippet})
            elif thread_id:
                body = {"snippet": {"parentId": thread_id, **said}}
                sent = api.write("/comments", {"part": "snippet"}, body)
            else:
                raise Refused(N_("The message does not say what to answer; answer it on YouTube."))
        name = text_of(sent.get("id"))
        if not name:
            raise OutcomeUnknown(N_("YouTube does not say what became of the answer; it may have been accepted."))
        return _receipt(name, video_id)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look for our own words in the thread, or among the latest comments of the video."""
        handle, text = reply.parent_handle, with_name(reply)
        with self._open() as api:
            our_id = self._our_id(api)
            if handle.get("is_video"):
                threads, _ = api.threads({"videoId": _video_of(handle)})
                comments = [mapping(mapping(each).get("snippet")).get("topLevelComment") for each in threads]
            else:
                comments = list(api.replies(words(handle.get("thread_id"))))
        for message in read_each(comments, lambda raw: [message_of(raw, our_id=our_id, titles={})]).messages:
            if is_our_answer(message, reply, text):
                return _receipt(message.external_id, _video_of(handle))
        return None

    def act(self, act: Act) -> Receipt:
        """Publish, hold or reject a comment; a ban rejects it and keeps its author out."""
        done, undone = STATUS.get(act.name, ("", ""))
        status = undone if act.undo else done
        if not status:
            return super().act(act)
        if not act.message_id or act.handle.get("is_video"):
            raise Refused(N_("Only comments under the channel's own videos can be moderated."))
        query = {"id": act.message_id, "moderationStatus": status}
        with self._open() as api:
            api.write("/comments/setModerationStatus", query | ({"banAuthor": True} if act.name is ActName.BAN else {}))
        return Receipt(act.message_id)

    def _our_id(self, api: YouTubeApi) -> str:
        known = self.surroundings.memory.load().get("channel_id")
        return known if isinstance(known, str) and known else self._keep(api.our_channel())

    def _keep(self, channel: Mapping[str, Any]) -> str:
        memory, our_id = self.surroundings.memory, text_of(channel.get("id"))
        if not our_id:
            raise Passing(N_("YouTube does not say which channel this is."))
        # Tokens are renewed in the same memory.
        with memory.alone():
            memory.save({**memory.load(), "channel_id": our_id})
        return our_id

    def _open(self) -> YouTubeApi:
        return YouTubeApi(self.refresh_auth, self.surroundings)


def _video_of(handle: Mapping[str, Any]) -> str:
    return words(handle.get("video_id"))


def _receipt(name: str, video_id: str) -> Receipt:
    return Receipt(name, f"{SITE}/watch?v={video_id}&lc={name}" if video_id else "")
