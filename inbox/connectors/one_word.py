"""What is one word, as somebody pasted it into a form: fields that the settings of several connectors have."""

import re
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from inbox.connectors.contract import N_


def access_token(pasted: SecretStr) -> SecretStr:
    """The token without blanks around it. Raises ValueError for what no header may hold."""
    word = pasted.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]+", word):
        raise ValueError(N_("is not an access token"))
    return SecretStr(word)


def client_id(pasted: str) -> str:
    """The public name of an app. Raises ValueError for anything else."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{5,100}", pasted):
        raise ValueError(N_("is not a client ID"))
    return pasted


AccessToken = Annotated[SecretStr, AfterValidator(access_token)]
ClientId = Annotated[str, AfterValidator(client_id)]
