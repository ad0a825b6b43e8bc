"""The payload of a delivery as JSON, and back as the plain data that connectors take."""

from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from datetime import datetime
from typing import Any, TypeVar

from inbox.connectors.contract import N_, Act, ActName, OutgoingReply
from inbox.connectors.tracker_contract import IdeaCard

Parcel = TypeVar("Parcel", OutgoingReply, Act, IdeaCard)


def payload_of(parcel: OutgoingReply | Act | IdeaCard) -> dict[str, Any]:
    """`parcel` as JSON."""
    payload = asdict(parcel)
    if isinstance(parcel, OutgoingReply):
        payload["created_at"] = parcel.created_at.isoformat() if parcel.created_at else None
    if isinstance(parcel, Act):
        payload["name"] = parcel.name.value
        payload["until"] = parcel.until.isoformat() if parcel.until else None
    if isinstance(parcel, IdeaCard):
        payload["quotes"] = [list(quote) for quote in parcel.quotes]
    return payload


def reply_of(payload: Mapping[str, Any]) -> OutgoingReply:
    """The reply in a payload. Raises ValueError when it is none."""
    created_at = payload.get("created_at")
    return _made(OutgoingReply, {**payload, "created_at": datetime.fromisoformat(created_at) if created_at else None})


def act_of(payload: Mapping[str, Any]) -> Act:
    """The moderation act in a payload. Raises ValueError when it is none."""
    until = payload.get("until")
    moment = datetime.fromisoformat(until) if until else None
    return _made(Act, {**payload, "name": ActName(payload.get("name", "")), "until": moment})


def card_of(payload: Mapping[str, Any]) -> IdeaCard:
    """The idea card in a payload. Raises ValueError when it is none."""
    return _made(IdeaCard, {**payload, "quotes": tuple((q[0], q[1], q[2]) for q in payload.get("quotes", ()))})


def _made(kind: type[Parcel], fields: Mapping[str, Any]) -> Parcel:
    # Fields of a later release may be in a payload that waited over a downgrade; they are left out.
    known = {name: value for name, value in fields.items() if name in {field.name for field in dataclass_fields(kind)}}
    try:
        return kind(**known)
    except TypeError as error:
        raise ValueError(N_("its payload is incomplete: %(told)s", told=error)) from None
