import pytest
from pydantic import ValidationError

from inbox.channels.open import NoMemory
from inbox.connectors.contract import Refused, Surroundings
from inbox.connectors.email_out import WORDS, EmailOut, EmailOutSetup
from inbox.connectors.smtp import Mail, compose
from inbox.connectors.tracker_contract import IdeaCard

ADDRESS = "product@brand.test"


def tracker() -> EmailOut:
    return EmailOut(EmailOutSetup(address=ADDRESS), Surroundings(NoMemory()))


def card(**changes: object) -> IdeaCard:
    usual: dict[str, object] = {
        "key": "idea-1-tracker-2",
        "title": "Export as CSV",
        "summary": "So that it can be counted.",
        "back_url": "https://trellis.example/ideas/1",
        "team": "Reports",
        "people": 47,
        "quotes": (("I need a list.\nReally.", "Anna", "https://forum.example/1"), ("Same here", "", "")),
    }
    return IdeaCard(**(usual | changes))  # type: ignore[arg-type]


def test_a_team_gets_the_idea_with_its_people_and_their_words() -> None:
    mail = tracker().compose(card())
    assert (mail.key, mail.to, mail.subject) == ("idea-1-tracker-2", ADDRESS, "Export as CSV")
    assert "Hello Reports," in mail.text
    assert "47 people ask for this:" in mail.text
    assert "> I need a list.\n> Really.\n> — Anna, https://forum.example/1" in mail.text
    assert "https://trellis.example/ideas/1" in mail.text
    assert compose(Mail(mail.key, mail.to, mail.subject, mail.text, from_address="trellis@brand.test"))


def test_the_mail_speaks_the_language_of_the_card() -> None:
    assert "47 Personen wünschen sich das:" in tracker().compose(card(language="de")).text
    assert "Eine Person" in tracker().compose(card(language="de", people=1)).text
    assert tracker().compose(card(language="fr")).text == tracker().compose(card()).text
    assert WORDS["de"].keys() == WORDS["en"].keys()


def test_a_bare_card_is_still_a_mail() -> None:
    mail = tracker().compose(card(team="", summary="", quotes=(), people=0))
    assert mail.text.startswith("Hello,\n\nAn idea for you:\n\nExport as CSV\n\n")
    assert ">" not in mail.text


def test_hostile_titles_add_no_header() -> None:
    mail = tracker().compose(card(title="x\r\nBcc: v@fan.test", team="y\nz"))
    assert "\n" not in mail.subject
    assert "Hello y z," in mail.text


def test_nothing_is_created_or_read_here() -> None:
    assert tracker().check().name == ADDRESS
    assert tracker().find_created(card()) is None
    for ask in (lambda: tracker().create(card()), lambda: tracker().read("1")):
        with pytest.raises(Refused):
            ask()


@pytest.mark.parametrize("address", ["", "nobody", "a@b, c@d", "a@b\r\nX: y"])
def test_only_one_address_is_taken(address: str) -> None:
    with pytest.raises(ValidationError):
        EmailOutSetup(address=address)
