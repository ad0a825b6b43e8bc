"""Compiles the German and English catalogues at start, so that neither a checkout nor a wheel needs a build step."""

import hashlib
import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCES = Path(__file__).parent / "translations"


def compiled_translations(data: Path) -> Path:
    """The folder of compiled catalogues in the data folder; made anew when a source has changed."""
    sources = sorted(SOURCES.glob("*/LC_MESSAGES/messages.po"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    target = data.resolve() / "translations" / digest
    for source in sources:
        compiled = target / source.relative_to(SOURCES).with_suffix(".mo")
        if compiled.exists():
            continue
        compiled.parent.mkdir(parents=True, exist_ok=True)
        fresh = compiled.with_suffix(f".{os.getpid()}")
        with source.open("rb") as words, fresh.open("wb") as file:
            write_mo(file, read_po(words, locale=source.parts[-3]))
        fresh.replace(compiled)
    return target
