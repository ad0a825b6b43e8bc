"""WhatsApp through Meta's Cloud API: what people write to a business number is delivered in; answers and blocks out."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Author,
    Batch,
    Capabilities,
    ChannelConnector,
    Group,
    Guide,
    IncomingAttachment,
    IncomingMessage,
    IncomingReport,
    OutcomeUnknown,
    OutgoingReply,
    Rate,
    Receipt,
    Refused,
    Retention,
    Setup,
    Visibility,
)
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import unix_moment, words
from inbox.connectors.meta_api import (
    NO_TRAINING,
    RECEIVED,
    RETENTION,
    MetaApi,
    delivered,
    greeted,
    rows_of,
    understood,
)
from inbox.connectors.meta_setup import CLOSED, MetaSetup, said_at, still_open
from inbox.connectors.read_each import Harvest, Place, read_each, read_in_place
from inbox.text import one_line

LIMIT = 4_096
FILES = ("image", "video", "audio", "document", "sticker")
ARRIVED, FAILED = {"delivered", "read"}, "failed"
NO_REASON = N_("WhatsApp took the answer and could not deliver it; it does not say why.")
SILENT = {"reaction", "system", "unsupported", "unknown", "ephemeral"}


class WhatsAppSetup(MetaSetup):
    """A number of one's own, and an app."""

    phone_number_id: str = Field(
        title=N_("Phone number ID"),
        description=N_("In the app: WhatsApp, API Setup. It is not the number itself."),
        pattern=r"^\d{5,20}$",
    )


class WhatsApp(ChannelConnector):
    """One business number."""

    kind: ClassVar[str] = "whatsapp"
    label: ClassVar[str] = "WhatsApp"
    about: ClassVar[str] = N_("Messages to a business number, by the Cloud API.")
    group: ClassVar[Group] = Group.CHAT
    setup: ClassVar[type[Setup]] = WhatsAppSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        polls=False,
        receives=True,
        replies=True,
        tells_failures=True,
        acts=frozenset({ActName.BLOCK}),
        undoable=frozenset({ActName.BLOCK}),
        text_limit=LIMIT,
        allows_training=False,
        because={
            "polls": N_("WhatsApp has no history to ask for; what is not delivered within seven days is lost."),
            "refetches": N_("WhatsApp does not give a message a second time."),
            "tells_edits": N_("WhatsApp does not tell businesses of edits."),
            "threads": N_("WhatsApp gives no message a second time."),
            "tells_deletes": N_("WhatsApp does not tell businesses of deletions."),
            "window": CLOSED,
            "allows_training": NO_TRAINING,
            ActName.HIDE: N_("These messages are private; there is nobody to hide them from."),
            ActName.DELETE: N_("WhatsApp offers businesses no way to delete messages."),
            ActName.MARK_SPAM: N_("WhatsApp offers businesses no spam folder; block the person instead."),
            ActName.HOLD: N_("These messages are private; there is nothing to hold."),
            ActName.APPROVE: N_("These messages are private; there is nothing to approve."),
            ActName.LOCK: N_("A conversation cannot be closed on WhatsApp; block the person instead."),
            ActName.MUTE: N_("WhatsApp offers businesses no muting."),
            ActName.BAN: N_("On WhatsApp people are blocked instead."),
            ActName.REPORT: N_("WhatsApp offers businesses no reporting."),
            ActName.LIKE: N_("Reactions are not sent from here."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("At developers.facebook.com, make an app of the type Business, and add WhatsApp to it."),
            N_("Under WhatsApp, API Setup, add the business number and copy its Phone number ID."),
            N_("In Business settings, make a system user, and give it the app and the WhatsApp account."),
            N_(
                "Generate its token, without an end, with whatsapp_business_messaging and whatsapp_business_management."
            ),
            N_("Copy token, app secret and Phone number ID into this form, and choose a verify token."),
            N_(
                "Under WhatsApp, Configuration: enter the address that the channel's page shows and the verify token, "
                "and subscribe to messages."
            ),
        ),
        gate=N_("A business account at Meta with a number of its own. Answers within 24 hours are free."),
        page="https://developers.facebook.com/apps",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(80, 1),)
    retention: ClassVar[Retention] = RETENTION

    def check(self) -> Account:
        """Ask which number it is."""
        number_id = self.settings.phone_number_id
        with self._open() as api:
            number = mapping(api.get(f"/{number_id}", {"fields": "id,display_phone_number,verified_name"}))
        shown, name = words(number.get("display_phone_number")), words(number.get("verified_name"))
        return Account(" ".join(filter(None, (name, shown))) or number_id, number_id)

    def greet(self, query: Mapping[str, str]) -> str:
        """Meta asks once whether deliveries are expected here."""
        return greeted(query, self.settings.verify_token.get_secret_value())

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """Messages as they are written, and whether our answers arrive; what is for another number is counted only."""
        secret = self.settings.app_secret.get_secret_value()
        entries = delivered(headers, body, secret, "whatsapp_business_account")
        total, left_out, reports = Harvest(), 0, []
        for change in (change for entry in entries for change in rows_of(entry, "changes")):
            value = mapping(mapping(change).get("value"))
            number_id = text_of(mapping(value.get("metadata")).get("phone_number_id"))
            raws, states = rows_of(value, "messages"), rows_of(value, "statuses")
            is_ours = mapping(change).get("field") == "messages" and number_id == self.settings.phone_number_id
            if not is_ours or not (raws or states):
                left_out += 1
                continue
            reports += [report for state in states if (report := report_of(mapping(state)))]
            left_out += len(states)
            names = dict(_names(value.get("contacts")))
            total.add(read_each(raws, partial(message_of, names=names), partial(_place_of, names=names)))
        return Batch(total.messages, (), total.bad, total.filtered + left_out, answer=RECEIVED, reports=reports)

    def reread(self, raw: str) -> Batch:
        """Its author's name was kept with it."""
        return read_in_place(raw, lambda row, place: message_of(row, mapping(place.get("names"))))

    def validate(self, reply: OutgoingReply) -> None:
        """Too long, empty, or too late."""
        super().validate(reply)
        still_open(reply.parent_handle)

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer the person, quoting the message."""
        self.validate(reply)
        person, answered = words(reply.parent_handle.get("person_id")), words(reply.parent_handle.get("message_id"))
        if not person:
            raise Refused(N_("The message does not say whom to answer; answer it in WhatsApp."))
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": person,
            "type": "text",
            "text": {"body": reply.text},
            **({"context": {"message_id": answered}} if answered else {}),
        }
        with self._open() as api:
            sent = api.post(f"/{self.settings.phone_number_id}/messages", body).get("messages")
        name = text_of(mapping(sent[0]).get("id")) if isinstance(sent, list) and sent else ""
        if not name:
            raise OutcomeUnknown(N_("WhatsApp does not say what became of the answer; it may have been accepted."))
        return Receipt(name)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """There is no list of what was sent."""
        raise OutcomeUnknown(N_("WhatsApp cannot be asked what was sent; look into the conversation on the phone."))

    def act(self, act: Act) -> Receipt:
        """Block or unblock whoever wrote."""
        if act.name is not ActName.BLOCK:
            return super().act(act)
        person = words(act.handle.get("person_id")) or act.author_id
        if not person:
            raise Refused(N_("The message does not say who wrote it."))
        body = {"messaging_product": "whatsapp", "block_users": [{"user": person}]}
        path = f"/{self.settings.phone_number_id}/block_users"
        with self._open() as api:
            if act.undo:
                api.erase(path, body)
            else:
                api.post(path, body)
        return Receipt(person)

    def _open(self) -> MetaApi:
        token, secret = self.settings.access_token.get_secret_value(), self.settings.app_secret.get_secret_value()
        return MetaApi(self.surroundings, token, secret)


def message_of(raw: Mapping[str, Any], names: Mapping[str, str]) -> Sequence[IncomingMessage]:
    """What a person wrote, or sent without words; nothing for reactions and notices. Raises ValueError when unreadable."""
    kind, name, person = words(raw.get("type")), raw["id"], text_of(raw.get("from"))
    if kind in SILENT:
        return ()
    attachments = tuple(_files(raw))
    text = _text(raw, kind) or ", ".join(file.name for file in attachments)
    if not isinstance(name, str) or not name or not text:
        raise ValueError(N_("a message of the type %(kind)s without id or words", kind=kind or "none"))
    at = unix_moment(raw.get("timestamp"))
    return (
        IncomingMessage(
            external_id=name,
            thread_id=person or name,
            text=text,
            posted_at=at,
            author=Author(person, handle=f"+{person}", name=words(names.get(person)) or f"+{person}")
            if person
            else None,
            parent_id=text_of(mapping(raw.get("context")).get("id")),
            visibility=Visibility.DIRECT,
            attachments=attachments,
            reply_handle={"person_id": person, "message_id": name, **said_at(at)},
            raw=raw,
        ),
    )


def _place_of(raw: Any, names: Mapping[str, str]) -> Place:
    person = text_of(mapping(raw).get("from"))
    return {"names": {person: names[person]} if person in names else {}}


def report_of(state: Mapping[str, Any]) -> IncomingReport | None:
    """What a status says of an answer; None for "sent", which says no more than that WhatsApp took it."""
    name, said = text_of(state.get("id")), words(state.get("status"))
    if not name or said not in {*ARRIVED, FAILED}:
        return None
    if said in ARRIVED:
        return IncomingReport(name, True)
    fault = next((mapping(each) for each in rows_of(state, "errors")), {})
    told = words(mapping(fault.get("error_data")).get("details")) or words(fault.get("message") or fault.get("title"))
    answer = {"error": {"code": fault.get("code"), "message": told}}
    return IncomingReport(name, False, understood(Refused(NO_REASON, answer=answer), changes=True).sentence)


def _text(raw: Mapping[str, Any], kind: str) -> str:
    content = mapping(raw.get(kind))
    if kind == "interactive":
        return words(mapping(content.get("button_reply") or content.get("list_reply")).get("title"))
    if kind == "location":
        named = filter(None, (words(content.get("name")), words(content.get("address"))))
        return ", ".join([*named, f"{content.get('latitude')}, {content.get('longitude')}"])
    if kind == "contacts":
        people = raw.get("contacts")
        found = (mapping(mapping(each).get("name")).get("formatted_name") for each in people or ())
        return ", ".join(one_line(words(each), 200) for each in found if words(each))
    return words(content.get("body")) or words(content.get("caption")) or words(content.get("text"))


def _files(raw: Mapping[str, Any]) -> Iterator[IncomingAttachment]:
    # Their addresses live for five minutes and want our token; what was sent is told, and seen on the phone.
    for kind in FILES:
        if isinstance(raw.get(kind), dict):
            file = raw[kind]
            media_type = words(file.get("mime_type")).partition(";")[0] or "application/octet-stream"
            yield IncomingAttachment(one_line(words(file.get("filename")), 200) or kind, media_type)


def _names(contacts: Any) -> Iterator[tuple[str, str]]:
    for contact in contacts if isinstance(contacts, list) else ():
        name = one_line(words(mapping(mapping(contact).get("profile")).get("name")), 200)
        yield text_of(mapping(contact).get("wa_id")), name
