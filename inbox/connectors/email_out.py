"""Ideas by e-mail: writes the mail that a product team gets. It leaves through the system mailbox, like every notice."""

import re
from typing import ClassVar

from pydantic import Field, field_validator

from inbox.connectors.contract import N_, Account, Receipt, Refused, Setup, Surroundings
from inbox.connectors.smtp import Mail
from inbox.connectors.tracker_contract import IdeaCard, TicketState
from inbox.text import one_line

# A mail is written for its reader, not for whoever looks at a screen now, so its few words stand here.
WORDS = {
    "en": {
        "greeting": "Hello {team},",
        "greeting_all": "Hello,",
        "one": "One person asks for this:",
        "many": "{people} people ask for this:",
        "none": "An idea for you:",
        "quotes": "In their own words:",
        "back": "Everything about it, and where to say what becomes of it:",
        "foot": "You get this mail because ideas for your team are sent to this address.",
    },
    "de": {
        "greeting": "Hallo {team},",
        "greeting_all": "Hallo,",
        "one": "Eine Person wünscht sich das:",
        "many": "{people} Personen wünschen sich das:",
        "none": "Eine Idee für euch:",
        "quotes": "In ihren eigenen Worten:",
        "back": "Alles dazu, und wo ihr sagen könnt, was daraus wird:",
        "foot": "Ihr bekommt diese Mail, weil Ideen für euer Team an diese Adresse gehen.",
    },
}


class EmailOutSetup(Setup):
    """Where ideas go."""

    address: str = Field(
        title=N_("E-mail address"), description=N_("Of the product team; ideas arrive there as mails."), max_length=320
    )

    @field_validator("address")
    @classmethod
    def is_address(cls, value: str) -> str:
        if not re.fullmatch(r"[^\s@<>,;:\"()]{1,64}@[^\s@<>,;:\"()]{1,255}", value):
            raise ValueError(N_("is not an e-mail address"))
        return value


class EmailOut:
    """A product team's address. Nothing comes back from it: what becomes of an idea is said in Trellis."""

    kind: ClassVar[str] = "email"
    label: ClassVar[str] = N_("E-mail")
    setup: ClassVar[type[Setup]] = EmailOutSetup
    reads_state: ClassVar[bool] = False

    def __init__(self, settings: EmailOutSetup, surroundings: Surroundings) -> None:
        self._address = settings.address

    def check(self) -> Account:
        """An address cannot be tried without sending; the account is the address."""
        return Account(name=self._address, external_id=self._address.lower(), url=f"mailto:{self._address}")

    def compose(self, card: IdeaCard) -> Mail:
        """The mail for an idea, in the language of the card. The sender is filled in by whoever sends it."""
        words = WORDS.get(card.language, WORDS["en"])
        count = "one" if card.people == 1 else "many" if card.people > 1 else "none"
        team, title = one_line(card.team, 100), one_line(card.title, 200)
        parts = [
            words["greeting"].format(team=team) if team else words["greeting_all"],
            words[count].format(people=card.people),
            title + (f"\n\n{card.summary.strip()}" if card.summary.strip() else ""),
        ]
        if card.quotes:
            parts += [words["quotes"], *(_quoted(*quote) for quote in card.quotes)]
        parts += [f"{words['back']}\n{card.back_url}", f"-- \n{words['foot']}"]
        return Mail(key=card.key, to=self._address, subject=title, text="\n\n".join(parts) + "\n")

    def create(self, card: IdeaCard) -> Receipt:
        """Raises Refused: the mail of `compose` is a delivery of its own."""
        raise Refused(N_("An idea by e-mail goes through the system mailbox; send the composed mail instead."))

    def find_created(self, card: IdeaCard) -> Receipt | None:
        """Nothing is created here, so nothing is found."""
        return None

    def read(self, external_id: str) -> TicketState:
        """Raises Refused: a mailbox does not say what became of a mail."""
        raise Refused(N_("What becomes of an idea that went by e-mail is said in Trellis."))


def _quoted(words: str, author: str, url: str) -> str:
    lines = "\n".join(f"> {line}" for line in words.strip().splitlines())
    source = ", ".join(filter(None, (one_line(author, 100), url)))
    return f"{lines}\n> — {source}" if source else lines
