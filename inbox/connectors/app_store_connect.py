"""Reviews of an app in Apple's stores, through an App Store Connect key: all countries, read and answered."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from zlib import crc32

from pydantic import Field, SecretStr, field_validator

from inbox.clock import now
from inbox.connectors.app_store_api import AppStoreApi
from inbox.connectors.bearer import Bearer
from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import (
    N_,
    Account,
    Author,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
    Gone,
    Group,
    Guide,
    IncomingMessage,
    Known,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Rate,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
)
from inbox.connectors.json_api import JsonApi, listed, mapping, segment, text_of
from inbox.connectors.lenient import is_before, moment, words
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import Place, name_of, read_each, read_in_place
from inbox.connectors.signed_jwt import read_key, signed_jwt
from inbox.text import one_line

VERSION = 1
LIMIT = 5_970
HOST = "api.appstoreconnect.apple.com"
LASTS = 15 * 60  # Apple takes tokens of at most twenty minutes


class AppStoreConnectSetup(Setup):
    """An app, and a key of the team."""

    app: str = Field(
        title=N_("App"), description=N_("Its number, Apple ID under App Information."), pattern=r"^\d{5,12}$"
    )
    issuer_id: str = Field(title=N_("Issuer ID"), pattern=r"^[0-9a-fA-F-]{36}$")
    key_id: str = Field(title=N_("Key ID"), pattern=r"^[A-Z0-9]{8,12}$")
    private_key: SecretStr = Field(
        title=N_("Private key"),
        description=N_("The content of the file AuthKey_….p8; it can be downloaded once."),
        json_schema_extra={"contentMediaType": "application/x-pem-file"},
    )

    @field_validator("private_key")
    @classmethod
    def whole_key(cls, value: SecretStr) -> SecretStr:
        try:
            read_key(value.get_secret_value())
        except ValueError:
            raise ValueError(N_("is not a private key; it begins with -----BEGIN PRIVATE KEY-----")) from None
        return value


class AppStoreConnect(ChannelConnector):
    """One app's reviews."""

    kind: ClassVar[str] = "app_store_connect"
    label: ClassVar[str] = "App Store Connect"
    about: ClassVar[str] = N_("Reviews of apps in Apple's stores, answered publicly.")
    group: ClassVar[Group] = Group.REVIEWS
    setup: ClassVar[type[Setup]] = AppStoreConnectSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        text_limit=LIMIT,
        refetches=20,
        because={
            "acts": N_("Reviews can only be reported in App Store Connect itself."),
            "tells_deletes": N_("Apple does not tell what was deleted; it is found later."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("In App Store Connect: Users and Access, Integrations, App Store Connect API, Team Keys."),
            N_("Generate a key with the role Customer Support and download it; Apple gives the file once."),
            N_("Copy the Issuer ID above the list, the Key ID and the content of the file into this form."),
            N_("The app's number stands under App Information as Apple ID."),
        ),
        gate=N_("A paid developer account. Answers show in the store after some hours."),
        page="https://appstoreconnect.apple.com/access/integrations/api",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(3_500, 3_600),)

    def check(self) -> Account:
        """Ask for the app's name, and read its latest reviews."""
        app = self.settings.app
        with self._open() as api:
            found = mapping(api.get(f"/v1/apps/{app}", {"fields[apps]": "name"}))
            rows, answers, _ = _page(api, app, None, limit=3)
        named = mapping(mapping(found.get("data")).get("attributes"))
        latest = read_each(rows, lambda row: self._messages(row, answers)[:1]).messages
        name = one_line(words(named.get("name")), 200) or f"App {app}"
        return Account(name, app, f"https://apps.apple.com/app/id{app}", latest)

    def streams(self) -> Sequence[StreamSpec]:
        """All reviews of all countries."""
        return (StreamSpec("reviews", every=900),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """New and changed reviews with our own answers, newest first until known."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        answers: dict[str, Any] = {}

        def page(older: str | None) -> Page[Any]:
            rows, found, further = _page(api, self.settings.app, older)
            answers.update(found)
            return Page([(_revision(row, found), moment(_told(row).get("createdDate")), row) for row in rows], further)

        def read(row: Any) -> Sequence[IncomingMessage]:
            messages = self._messages(row, answers)
            return () if is_before(messages[0].posted_at, since) else messages

        def place(row: Any) -> Place:
            name = text_of(mapping(row).get("id"))
            return {"answers": {name: answers[name]} if name in answers else {}}

        with self._open() as api:
            for fresh, state in catch_up(page, known, since):
                harvest = read_each(fresh, read, place)
                yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state})

    def refetch(self, known: Sequence[Known]) -> Batch:
        """Review by review. An answer of ours is asked for at its review."""
        messages: list[IncomingMessage] = []
        gone: list[Deletion] = []
        with self._open() as api:
            for each in known:
                review = words(each.handle.get("review_id")) or each.external_id
                try:
                    found = mapping(api.get(f"/v1/customerReviews/{segment(review)}", {"include": "response"}))
                except Gone:
                    gone.append(Deletion(each.external_id))
                    continue
                rows = [found.get("data")]
                read = read_each(rows, lambda row, found=found: self._messages(row, _answers(found)))  # type: ignore[misc]
                messages += [message for message in read.messages if message.external_id == each.external_id]
        return Batch(messages, gone)

    def reread(self, raw: str) -> Batch:
        """Our answer was kept with it."""
        return read_in_place(raw, lambda row, place: self._messages(row, mapping(place.get("answers"))))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer the review. There is one answer to each: a second one takes the place of the first."""
        self.validate(reply)
        review = words(reply.parent_handle.get("review_id"))
        if not review:
            raise Refused(N_("The message does not say which review to answer; answer it in App Store Connect."))
        data = {
            "type": "customerReviewResponses",
            "attributes": {"responseBody": reply.text},
            "relationships": {"review": {"data": {"type": "customerReviews", "id": review}}},
        }
        with self._open() as api:
            sent = mapping(mapping(api.change("POST", "/v1/customerReviewResponses", {"data": data})).get("data"))
        if not text_of(sent.get("id")):
            raise OutcomeUnknown(N_("Apple does not say what became of the answer; it may have been accepted."))
        return Receipt(text_of(sent["id"]))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look for our words at the review."""
        review = words(reply.parent_handle.get("review_id"))
        with self._open() as api:
            try:
                found = mapping(api.get(f"/v1/customerReviews/{segment(review)}/response"))
            except Gone:
                return None
        # A review without an answer may also be answered by nothing.
        rows = [found["data"]] if found.get("data") else []
        answers = read_each(rows, lambda row: [self._answer(row, review)]).messages
        return next((Receipt(each.external_id) for each in answers if is_our_answer(each, reply)), None)

    def _messages(self, row: Any, answers: Mapping[str, Any]) -> list[IncomingMessage]:
        name, said = row["id"], mapping(row["attributes"])
        title, body = one_line(words(said.get("title")), 300), said["body"]
        if not isinstance(name, str) or not name or not isinstance(body, str):
            raise ValueError(N_("it has no id or no words"))
        stars, author = said.get("rating"), one_line(words(said.get("reviewerNickname")), 200)
        rated = "★" * stars if isinstance(stars, int) and 0 < stars <= 5 else ""
        review = IncomingMessage(
            external_id=name,
            thread_id=name,
            text=body or title or rated,
            subject=" ".join(filter(None, (rated, title))),
            posted_at=moment(said.get("createdDate")),
            # Apple names people but does not number them; a review is its author's only one.
            author=Author(f"review:{name}", name=author) if author else None,
            url=f"https://apps.apple.com/app/id{self.settings.app}?see-all=reviews",
            reply_handle={"review_id": name, "territory": words(said.get("territory"))},
            raw=row,
        )
        answer = answers.get(name)
        return [review, self._answer(answer, name)] if answer else [review]

    def _answer(self, row: Any, review: str) -> IncomingMessage:
        name, said = row["id"], mapping(row["attributes"])
        if not isinstance(name, str) or not name or not isinstance(said["responseBody"], str):
            raise ValueError(N_("it has no id or no words"))
        return IncomingMessage(
            external_id=name,
            thread_id=review,
            text=said["responseBody"],
            posted_at=moment(said.get("lastModifiedDate")),
            author=Author("developer", name="App Store Connect", is_us=True),
            parent_id=review,
            reply_handle={"review_id": review},
        )

    def _open(self) -> AppStoreApi:
        api = AppStoreApi(self.surroundings, f"https://{HOST}")
        api.client.auth = Bearer(HOST, self._token)
        return api

    def _token(self, _refused: str) -> str:
        at, key = int(now().timestamp()), read_key(self.settings.private_key.get_secret_value())
        claims = {"iss": self.settings.issuer_id, "iat": at, "exp": at + LASTS, "aud": "appstoreconnect-v1"}
        return signed_jwt(key, claims, key_id=self.settings.key_id)


def _page(
    api: JsonApi, app: str, older: str | None, *, limit: int = 200
) -> tuple[list[Any], dict[str, Any], str | None]:
    """Reviews, our answers by review, and where the next page begins."""
    query = {"sort": "-createdDate", "limit": limit, "include": "response", "cursor": older}
    try:
        answer = mapping(api.get(f"/v1/apps/{app}/customerReviews", query))
    except Gone:
        raise NeedsPerson(N_("App Store Connect knows no app of this number, or the key may not see it.")) from None
    further = parse_qs(urlsplit(words(mapping(answer.get("links")).get("next"))).query).get("cursor")
    return listed(answer.get("data")), _answers(answer), further[0] if further else None


def _answers(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Our answers by the review that they are about."""
    data, included = answer.get("data"), answer.get("included")
    by_name = {text_of(mapping(row).get("id")): row for row in (included if isinstance(included, list) else [])}
    reviews = data if isinstance(data, list) else [data]
    return {
        text_of(mapping(row).get("id")): by_name[name]
        for row in reviews
        if (name := _answer_of(row)) and name in by_name
    }


def _answer_of(row: Any) -> str:
    answer = mapping(mapping(mapping(row).get("relationships")).get("response"))
    return text_of(mapping(answer.get("data")).get("id"))


def _told(row: Any) -> Mapping[str, Any]:
    return mapping(mapping(row).get("attributes"))


def _revision(row: Any, answers: Mapping[str, Any]) -> str:
    """Another name after an edit, however Apple tells of it, and when it was answered."""
    name, said = text_of(mapping(row).get("id")), _told(row)
    answer = mapping(mapping(answers.get(name)).get("attributes")).get("lastModifiedDate")
    written = f"{said.get('title')} {said.get('body')}".encode("utf-8", "replace")
    return f"{name} {said.get('createdDate')} {crc32(written)} {answer}" if name else name_of(row)
