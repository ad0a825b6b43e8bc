"""A form as it was sent: values, and what is wrong with them. Shown again with both, so that nothing typed is lost."""

import re
from collections.abc import Collection, Mapping

from flask_babel import gettext

from inbox.teams.sign_in import LONGEST_PASSWORD, SHORTEST_PASSWORD
from inbox.text import storable

_EMAIL = re.compile(r"[^@\s,;<>()\[\]\\\"]{1,64}@[^@\s,;<>()\[\]\\\"]{1,255}")
AS_TYPED = "password"  # what fields of this name hold is hashed, never stored


class Form:
    """Values by field name (missing is empty) and errors by field name."""

    def __init__(self, values: Mapping[str, str]) -> None:
        # Without the characters that a database refuses, so that what is left of a field is what is judged.
        self.values = {name: _clean(name, value) for name, value in values.items() if name != "csrf_token"}
        self.errors: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if name.startswith(AS_TYPED) else value.strip()

    def need(self, name: str, longest: int) -> None:
        """The field must hold 1 to `longest` characters."""
        if not self[name]:
            self.errors[name] = gettext("Please fill this in.")
        elif len(self[name]) > longest:
            self.errors[name] = gettext("At most %(number)d characters, please.", number=longest)

    def need_email(self, name: str) -> None:
        """The field must hold one e-mail address."""
        if not _EMAIL.fullmatch(self[name]):
            self.errors[name] = gettext("This does not look like an e-mail address.")

    def need_password(self, name: str) -> None:
        """The field must hold a password of a length that can be used."""
        if len(self[name]) < SHORTEST_PASSWORD:
            self.errors[name] = gettext("At least %(number)d characters, please.", number=SHORTEST_PASSWORD)
        elif len(self[name]) > LONGEST_PASSWORD:
            self.errors[name] = gettext("At most %(number)d characters, please.", number=LONGEST_PASSWORD)

    def need_choice(self, name: str, choices: Collection[str]) -> None:
        """The field must hold one of the choices."""
        if self[name] not in choices:
            self.errors[name] = gettext("Please choose one from the list.")

    def need_number(self, name: str, least: int, most: int) -> int:
        """The field must hold a whole number between `least` and `most`; returns it, or `least` beside an error."""
        try:
            value = int(self[name])
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            self.errors[name] = gettext("A whole number from %(least)d to %(most)d, please.", least=least, most=most)
            return least
        return value


def _clean(name: str, value: str) -> str:
    return value if name.startswith(AS_TYPED) else storable(value, len(value))
