"""Reviews of an Android app in Google Play, through a service account: read for a week after they change, and answered."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from inbox.clock import now
from inbox.connectors.bearer import Bearer
from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import (
    N_,
    Account,
    Author,
    Batch,
    Capabilities,
    ChannelConnector,
    Gone,
    Group,
    Guide,
    IncomingMessage,
    Metric,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    Rate,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
)
from inbox.connectors.http import fetch, open_client, read_json
from inbox.connectors.json_api import JsonApi, listed, mapping, segment, text_of
from inbox.connectors.lenient import counted, is_before, moment, unix_moment, words
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import name_of, read_again, read_each
from inbox.connectors.signed_jwt import read_key, signed_jwt
from inbox.text import one_line

VERSION = 1
LIMIT = 350
HOST = "androidpublisher.googleapis.com"
TOKENS = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
OURS = "developer"


class GooglePlaySetup(Setup):
    """An app, and the key of a service account that may read and answer its reviews."""

    package: str = Field(
        title=N_("Package name"),
        description=N_("For example com.example.app; it stands in the app's address in Google Play."),
        pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)+$",
        max_length=200,
    )
    service_account: SecretStr = Field(
        title=N_("Key of the service account"),
        description=N_("The whole JSON file that Google Cloud gives."),
        json_schema_extra={"contentMediaType": "application/json"},
    )

    @field_validator("service_account")
    @classmethod
    def whole_key(cls, value: SecretStr) -> SecretStr:
        try:
            key = json.loads(value.get_secret_value())
            read_key(key["private_key"])
            has_name = "@" in key["client_email"]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            has_name = False
        if not has_name:
            raise ValueError(N_("is not the key file of a service account"))
        return value


class GooglePlay(ChannelConnector):
    """One app's reviews."""

    kind: ClassVar[str] = "google_play"
    label: ClassVar[str] = "Google Play"
    about: ClassVar[str] = N_("Reviews of apps, answered publicly.")
    group: ClassVar[Group] = Group.REVIEWS
    setup: ClassVar[type[Setup]] = GooglePlaySetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        text_limit=LIMIT,
        metrics=frozenset({Metric.LIKES}),
        because={
            "acts": N_("Reviews can only be reported in the Play Console itself."),
            "tells_deletes": N_("Google Play does not tell what was deleted."),
            "refetches": N_("Google Play gives reviews of the last seven days only; being older is not being gone."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("In the Google Cloud console, make a project and switch on the Google Play Android Developer API."),
            N_("Under IAM, Service accounts, make one; under Keys, add a key of the type JSON and download it."),
            N_("In the Play Console, under Users and permissions, invite the service account's address."),
            N_("Give it, for this app, View app information and Reply to reviews. It can take a day to work."),
            N_("Copy the content of the JSON file into this form."),
        ),
        gate=N_("A developer account. Google gives reviews with words only, of the last seven days."),
        page="https://play.google.com/console/users-and-permissions",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(200, 3_600), Rate(2_000, 86_400, "reply"))

    def refresh_auth(self, refused: str = "") -> str:
        """An hour's token for the service account's signature; kept, because making one is a call too."""
        key, memory = json.loads(self.settings.service_account.get_secret_value()), self.surroundings.memory
        kept = mapping(memory.load().get("access"))
        until = moment(kept.get("until"))
        is_good = until and until > now() + timedelta(minutes=5) and kept.get("of") == key.get("private_key_id")
        if is_good and text_of(kept.get("token")) not in {"", refused}:
            return text_of(kept["token"])
        at = int(now().timestamp())
        claims = {"iss": key["client_email"], "scope": SCOPE, "aud": TOKENS, "iat": at, "exp": at + 3_600}
        assertion = signed_jwt(read_key(key["private_key"]), claims, key_id=text_of(key.get("private_key_id")))
        allow, patience = self.surroundings.allow_private_addresses, self.surroundings.timeout_seconds
        with open_client(allow_private=allow, timeout_seconds=patience) as client:
            try:
                granted = read_json(
                    fetch(client, "POST", TOKENS, data={"grant_type": JWT_BEARER, "assertion": assertion})
                )
            except Refused as error:
                raise NeedsPerson(
                    N_("Google does not accept the key of the service account: %(error)s Make a new one.", error=error)
                ) from None
        token = text_of(mapping(granted).get("access_token"))
        if not token:
            raise Passing(N_("Google gave no token for the service account's key."))
        lasts = mapping(granted).get("expires_in")
        ends_at = now() + timedelta(seconds=lasts if isinstance(lasts, int) and 0 < lasts < 10**6 else 3_600)
        access = {"token": token, "until": ends_at.isoformat(), "of": key.get("private_key_id")}
        with memory.alone():
            memory.save({**memory.load(), "access": access})
        return token

    def check(self) -> Account:
        """Read the latest reviews."""
        with self._open() as api:
            rows, _ = self._page(api, None)
        latest = read_each(rows[:3], self._messages).messages
        package = self.settings.package
        address = f"https://play.google.com/store/apps/details?id={package}"
        return Account(package, package, address, [m for m in latest if not (m.author and m.author.is_us)])

    def streams(self) -> Sequence[StreamSpec]:
        """All reviews of the last seven days."""
        return (StreamSpec("reviews", every=900),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """New and changed reviews, with our own answers; the last changed first, until known."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}

        def page(older: str | None) -> Page[Any]:
            rows, further = self._page(api, older)
            return Page([(_revision(row), _changed_at(row), row) for row in rows], further)

        def read(row: Any) -> Sequence[IncomingMessage]:
            messages = self._messages(row)
            return () if is_before(messages[0].posted_at, since) else messages

        with self._open() as api:
            for fresh, state in catch_up(page, known, since):
                harvest = read_each(fresh, read)
                yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state})

    def reread(self, raw: str) -> Batch:
        """A review of the quarantine, read anew."""
        return read_again(raw, self._messages)

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer the review. There is one answer to each: a second one takes the place of the first."""
        self.validate(reply)
        name = words(reply.parent_handle.get("review_id"))
        with self._open() as api:
            sent = mapping(api.change("POST", f"{self._path(name)}:reply", {"replyText": reply.text}, scope="reply"))
        if "result" not in sent:
            raise OutcomeUnknown(N_("Google Play does not say what became of the answer; it may have been accepted."))
        return Receipt(f"{name}:{OURS}", self._address(name))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look for our words at the review."""
        name = words(reply.parent_handle.get("review_id"))
        with self._open() as api:
            try:
                row = api.get(self._path(name))
            except Gone:
                return None
        found = read_each([row], self._messages).messages
        ours = (message for message in found if is_our_answer(message, reply))
        return next((Receipt(message.external_id, message.url) for message in ours), None)

    def _messages(self, row: Any) -> list[IncomingMessage]:
        name, said, answer = row["reviewId"], _part(row, "userComment"), _part(row, "developerComment")
        if not isinstance(name, str) or not name or not isinstance(said.get("text"), str):
            raise ValueError(N_("it has no id or no words"))
        title, tab, body = said["text"].partition("\t")
        title, body = (title.strip(), body.strip()) if tab else ("", title.strip())
        stars, author = said.get("starRating"), one_line(words(row.get("authorName")), 200)
        rated = "★" * stars if isinstance(stars, int) and 0 < stars <= 5 else ""
        review = IncomingMessage(
            external_id=name,
            thread_id=name,
            text=body or title or rated,
            subject=one_line(" ".join(filter(None, (rated, title))), 300),
            posted_at=unix_moment(mapping(said.get("lastModified")).get("seconds")),
            # Google names people but does not number them; a review is its author's only one.
            author=Author(f"review:{name}", name=author) if author else None,
            url=self._address(name),
            language=words(said.get("reviewerLanguage"))[:2],
            reply_handle={"review_id": name},
            raw=row,
            metrics=counted({Metric.LIKES: said.get("thumbsUpCount")}),
        )
        if not words(answer.get("text")):
            return [review]
        ours = IncomingMessage(
            external_id=f"{name}:{OURS}",
            thread_id=name,
            text=answer["text"],
            posted_at=unix_moment(mapping(answer.get("lastModified")).get("seconds")),
            author=Author(OURS, name=self.settings.package, is_us=True),
            url=self._address(name),
            parent_id=name,
            reply_handle={"review_id": name},
        )
        return [review, ours]

    def _page(self, api: JsonApi, token: str | None) -> tuple[list[Any], str | None]:
        try:
            answer = api.get(self._path(), {"maxResults": 100, "token": token})
        except Gone:
            raise NeedsPerson(
                N_("Google Play knows no app of this name, or the service account may not see it.")
            ) from None
        if not isinstance(answer, dict) or "error" in answer:
            raise Passing(N_("Google Play answered something else than reviews."))
        # An app without reviews is answered by an empty object.
        further = text_of(mapping(answer.get("tokenPagination")).get("nextPageToken"))
        return listed(answer.get("reviews", [])), further or None

    def _path(self, review: str | None = None) -> str:
        path = f"/androidpublisher/v3/applications/{self.settings.package}/reviews"
        return path if review is None else f"{path}/{segment(review)}"

    def _address(self, review: str) -> str:
        return f"https://play.google.com/store/apps/details?id={self.settings.package}&reviewId={segment(review)}"

    def _open(self) -> JsonApi:
        bearer = Bearer(HOST, self.refresh_auth)
        api = JsonApi(self.surroundings, f"https://{HOST}")
        api.client.auth = bearer
        return api


def _part(row: Any, name: str) -> Mapping[str, Any]:
    comments = mapping(row).get("comments")
    found = (mapping(mapping(each).get(name)) for each in (comments if isinstance(comments, list) else []))
    return next((part for part in found if part), {})


def _seconds(row: Any, name: str) -> Any:
    return mapping(_part(row, name).get("lastModified")).get("seconds")


def _revision(row: Any) -> str:
    name = text_of(mapping(row).get("reviewId"))
    return f"{name} {_seconds(row, 'userComment')} {_seconds(row, 'developerComment')}" if name else name_of(row)


def _changed_at(row: Any) -> datetime | None:
    times = [unix_moment(_seconds(row, part)) for part in ("userComment", "developerComment")]
    return max(filter(None, times), default=None)
