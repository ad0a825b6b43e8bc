"""Channels: tried before they are saved, sealed, reconnected without losing their place, loud when broken."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.models import Activity
from inbox.channels.check import Checked, check
from inbox.channels.connect import NameTaken, connect
from inbox.channels.due import poll_now
from inbox.channels.edit import OtherAccount, edit, pause, remove, rename, resume
from inbox.channels.health import failed, mark_broken, succeeded
from inbox.channels.models import Channel, ChannelState, LedgerDay, Stream
from inbox.channels.open import StoredMemory, open_connector
from inbox.channels.setup import kept_setup, read_setup
from inbox.clock import now
from inbox.config import Settings
from inbox.connectors.contract import Account, NeedsPerson, Passing, RateLimited, Refused
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Conversation, Message
from inbox.conversations.reply import reply
from inbox.database import Database
from inbox.outbox.models import Delivery
from inbox.setups import BadSetup
from inbox.vault import Vault, open_vault
from tests.incoming import batch_of, minute, written
from tests.making import make_channel, make_teammate
from tests.pages import KIND, claim_due, use_pages, write_pages


@pytest.fixture(autouse=True)
def pages() -> None:
    use_pages()


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return open_vault(settings)


@pytest.fixture
def garden(tmp_path: Path) -> Path:
    return write_pages(tmp_path / "garden.json", *[[[f"{each}", f"text {each}"]] for each in range(5)])


@pytest.fixture
def channel(session: Session, vault: Vault, settings: Settings, garden: Path) -> Channel:
    setup = read_setup(KIND, {"file": str(garden), "key": "secret word"})
    return connect(session, vault, settings, KIND, "Garden", setup, Checked(Account("garden", "g-1")), since=minute(0))


def test_a_check_shows_the_account_and_its_last_three_messages(settings: Settings, garden: Path) -> None:
    account = check(KIND, read_setup(KIND, {"file": str(garden)}), settings).account
    assert account.name == "garden"
    assert len(account.latest) == 3


def test_a_check_says_what_is_wrong_and_a_connectors_mistake_is_not_the_persons(
    settings: Settings, garden: Path
) -> None:
    with pytest.raises(NeedsPerson, match="The key is wrong"):
        check(KIND, read_setup(KIND, {"file": str(garden), "key": "wrong"}), settings)
    with pytest.raises(Passing, match="could not be understood"):
        check(KIND, read_setup(KIND, {"file": "/nowhere"}), settings)


def test_a_form_with_faults_names_the_fields(garden: Path) -> None:
    with pytest.raises(BadSetup) as refusal:
        read_setup(KIND, {"slow_seconds": "often"})
    assert set(refusal.value.errors) == {"file", "slow_seconds"}
    with pytest.raises(KeyError):
        read_setup("myspace", {})


def test_a_connected_channel_is_due_and_its_secrets_are_sealed(
    session: Session, channel: Channel, vault: Vault
) -> None:
    assert "key" not in channel.settings
    assert "secret word" not in str(channel.sealed)
    assert kept_setup(vault, channel)["key"] == "secret word"
    (claimed,) = claim_due(session, limit=5)
    assert (claimed.channel.id, claimed.name, claimed.since) == (channel.id, "all", minute(0))


@pytest.mark.parametrize(
    ("told", "kept"),
    [("https://g.test/us", "https://g.test/us"), ("javascript:alert(1)", ""), ("https://g.test/\0", "https://g.test/")],
)
def test_a_server_cannot_make_its_accounts_link_a_script(
    session: Session, vault: Vault, settings: Settings, garden: Path, told: str, kept: str
) -> None:
    setup = read_setup(KIND, {"file": str(garden)})
    channel = connect(session, vault, settings, KIND, "Garden", setup, Checked(Account("garden", "g-1", told)))
    assert channel.account_url == kept


def test_an_empty_secret_in_a_form_stays_as_it_was(channel: Channel, vault: Vault, garden: Path) -> None:
    setup = read_setup(KIND, {"file": str(garden), "key": ""}, kept=kept_setup(vault, channel))
    assert setup.model_dump()["key"].get_secret_value() == "secret word"


def test_sealed_settings_of_another_row_do_not_open(
    session: Session, channel: Channel, vault: Vault, settings: Settings, database: Database
) -> None:
    thief = Channel(kind=KIND, name="thief", settings=channel.settings, sealed=channel.sealed)
    session.add(thief)
    session.flush()
    with pytest.raises(NeedsPerson, match="thief cannot be opened"):
        open_connector(thief, database, vault, settings)


def test_a_name_that_nobody_chose_gets_a_number(
    session: Session, vault: Vault, settings: Settings, garden: Path
) -> None:
    setup = read_setup(KIND, {"file": str(garden)})
    names = [connect(session, vault, settings, KIND, "", setup).name for _ in range(3)]
    assert names == [names[0], f"{names[0]} (2)", f"{names[0]} (3)"]


def test_a_name_is_given_once(
    session: Session, channel: Channel, vault: Vault, settings: Settings, garden: Path
) -> None:
    with pytest.raises(NameTaken):
        connect(session, vault, settings, KIND, "Garden", read_setup(KIND, {"file": str(garden)}))
    other = connect(session, vault, settings, KIND, "Other", read_setup(KIND, {"file": str(garden)}))
    with pytest.raises(NameTaken):
        rename(session, other, "Garden")
    rename(session, channel, "  Old  garden ")
    assert channel.name == "Old garden"


def test_reconnecting_keeps_the_cursor_and_clears_the_error(
    session: Session, channel: Channel, vault: Vault, settings: Settings, garden: Path
) -> None:
    (stream,) = channel.streams
    stream.cursor, stream.due_at = {"page": 3}, now() + timedelta(hours=1)
    mark_broken(session, channel, "The key is wrong.")
    edit(
        session,
        vault,
        settings,
        channel,
        read_setup(KIND, {"file": str(garden), "key": "new"}),
        Checked(Account("garden", "g-1")),
    )
    session.refresh(stream)
    assert (stream.cursor, stream.since) == ({"page": 3}, minute(0))
    assert (channel.state, channel.last_error) == (ChannelState.ACTIVE, "")
    assert len(claim_due(session, limit=5)) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Stream)) == 1


def test_an_account_is_known_again_by_what_can_be_kept_of_its_id(
    session: Session, vault: Vault, settings: Settings, garden: Path
) -> None:
    setup, strange = read_setup(KIND, {"file": str(garden)}), Checked(Account("garden", "g\0-\ud8001" + "x" * 600))
    channel = connect(session, vault, settings, KIND, "Strange", setup, strange)
    edit(session, vault, settings, channel, setup, strange)
    with pytest.raises(OtherAccount):
        edit(session, vault, settings, channel, setup, Checked(Account("garden", "g-1" + "x" * 601)))


def test_another_account_is_another_channel(
    session: Session, channel: Channel, vault: Vault, settings: Settings, garden: Path
) -> None:
    with pytest.raises(OtherAccount):
        edit(
            session, vault, settings, channel, read_setup(KIND, {"file": str(garden)}), Checked(Account("weeds", "g-2"))
        )


def test_a_paused_channel_is_not_polled_until_it_is_resumed(session: Session, channel: Channel) -> None:
    pause(session, channel)
    poll_now(session, channel)
    assert claim_due(session, limit=5) == []
    resume(session, channel)
    assert len(claim_due(session, limit=5)) == 1


def test_a_blip_waits_longer_each_time_and_disconnects_nothing(session: Session, channel: Channel) -> None:
    (stream,) = channel.streams
    pauses = []
    for _ in range(12):
        failed(session, stream, Passing("away"))
        pauses.append((stream.due_at - now()).total_seconds())  # type: ignore[operator]
    assert pauses[0] < 20 < pauses[2] < pauses[5] < pauses[11] < 4_400
    assert (channel.state, channel.last_error) == (ChannelState.ACTIVE, "away")
    succeeded(session, stream)
    assert (channel.last_error, stream.failures, stream.last_error) == ("", 0, "")


def test_the_platforms_patience_is_respected_and_capped(session: Session, channel: Channel) -> None:
    (stream,) = channel.streams
    failed(session, stream, RateLimited("slow down", retry_after=900))
    assert (stream.due_at - now()).total_seconds() > 890  # type: ignore[operator]
    failed(session, stream, RateLimited("slow down", retry_after=1e12))
    assert (stream.due_at - now()).total_seconds() <= 86_400  # type: ignore[operator]


@pytest.mark.parametrize("error", [NeedsPerson("The token has expired."), Refused("There is no such feed.")])
def test_what_a_person_must_mend_is_loud(session: Session, channel: Channel, error: Exception) -> None:
    failed(session, channel.streams[0], error)  # type: ignore[arg-type]
    assert (channel.state, channel.last_error) == (ChannelState.BROKEN, str(error))
    assert channel.last_error_at
    assert session.scalar(sa.select(Activity.verb).order_by(Activity.id.desc())) == "channel.broken"


def test_one_streams_success_does_not_hide_anothers_fault(session: Session, channel: Channel) -> None:
    other = Stream(channel_id=channel.id, name="other")
    session.add(other)
    session.flush()
    failed(session, other, Passing("away"))
    succeeded(session, channel.streams[0])
    assert channel.last_error == "away"


def test_a_connectors_memory_is_sealed_and_durable(database: Database, vault: Vault) -> None:
    with database.writing() as session:
        number = make_channel(session).id
    memory = StoredMemory(number, database, vault)
    assert memory.load() == {}
    memory.save({"token": "geheim"})
    assert StoredMemory(number, database, vault).load() == {"token": "geheim"}
    with database.writing() as session:
        assert "geheim" not in str(session.get_one(Channel, number).memory)
        session.get_one(Channel, number).memory = "1.damaged"
    assert memory.load() == {}


def test_a_removed_channel_takes_everything_along(session: Session, channel: Channel) -> None:
    ingest(session, channel, "all", batch_of(written("1"), written("2", thread="1", minute=1)))
    conversation = session.scalars(sa.select(Conversation)).one()
    reply(session, conversation, text="Here", by=make_teammate(session), seen_version=2, undo_seconds=0)
    remove(session, channel)
    for table in (Channel, Stream, Conversation, Message, Delivery, LedgerDay):
        assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
