"""Members: two channels, two identities; the same author is the same member, whoever asks."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.members.models import Identity, Member
from inbox.members.recognise import Seen, recognise
from tests.incoming import Statements, minute
from tests.making import make_channel


def seen(key: str, first: float = 0, last: float = 0, **fields: object) -> Seen:
    values = {"handle": f"@{key}", "name": key.title(), "avatar_url": "", "profile_url": "", "is_us": False, **fields}
    return Seen(key, first_at=minute(first), last_at=minute(last), **values)  # type: ignore[arg-type]


def test_a_new_author_becomes_a_member_with_an_identity(session: Session) -> None:
    channel = make_channel(session)
    known = recognise(session, channel.id, {"mia": seen("mia", 1, 5, name="")})
    identity = session.get_one(Identity, known["mia"].identity_id)
    assert (identity.member_id, identity.member.name) == (known["mia"].member_id, "@mia")
    assert (identity.member.first_seen_at, identity.member.last_seen_at) == (minute(1), minute(5))


def test_a_known_author_is_found_with_the_new_ones(session: Session) -> None:
    channel = make_channel(session)
    first = recognise(session, channel.id, {"mia": seen("mia")})
    both = recognise(session, channel.id, {"mia": seen("mia", 3, 9), "tom": seen("tom")})
    assert both["mia"] == first["mia"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Member)) == 2
    session.expire_all()
    assert session.get_one(Member, first["mia"].member_id).last_seen_at == minute(9)


def test_an_account_of_ours_stays_ours(session: Session) -> None:
    channel = make_channel(session)
    known = recognise(session, channel.id, {"us": seen("us", is_us=True)})
    recognise(session, channel.id, {"us": seen("us", is_us=False, name="")})
    session.expire_all()
    identity = session.get_one(Identity, known["us"].identity_id)
    assert (identity.is_us, identity.name) == (True, "Us")


def test_a_merged_member_is_still_found_by_the_identity(session: Session) -> None:
    channel = make_channel(session)
    known = recognise(session, channel.id, {"mia": seen("mia"), "mia2": seen("mia2")})
    session.get_one(Identity, known["mia2"].identity_id).member_id = known["mia"].member_id
    session.flush()
    again = recognise(session, channel.id, {"mia": seen("mia", 1, 2), "mia2": seen("mia2", 1, 7)})
    assert again["mia2"].member_id == again["mia"].member_id
    session.expire_all()
    assert session.get_one(Member, known["mia"].member_id).last_seen_at == minute(7)


def test_the_number_of_statements_does_not_depend_on_the_number_of_authors(session: Session) -> None:
    channel, counts = make_channel(session), []
    for size in (1, 300):
        people = {f"{size}-{number}": seen(f"{size}-{number}") for number in range(size)}
        with Statements(session) as statements:
            recognise(session, channel.id, people)
        later = {key: seen(key, 1, 9, handle="@new") for key in people}
        with Statements(session) as more:
            recognise(session, channel.id, later)
        counts.append((len(statements.seen), len(more.seen)))
    assert counts[0] == counts[1] == (3, 3)
    assert recognise(session, channel.id, {}) == {}
