"""For developers: `python -m inbox.migrations.write SLUG` writes a migration from what the models have and the newest does not."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from inbox.clock import now
from inbox.migrations.migrate import configuration, migrate, prepared


def write(slug: str) -> str:
    """Write the difference to `versions/<date>_<slug>.py` and return that name; read it before you commit it."""
    name = f"{now():%Y_%m_%d}_{slug}"
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'empty.db'}"
        if any((Path(__file__).parent / "versions").glob("2*.py")):
            migrate(url)
        with prepared(url) as connection:
            command.revision(
                configuration(connection), slug.replace("_", " ").capitalize(), autogenerate=True, rev_id=name
            )
    return name


if __name__ == "__main__":
    sys.stdout.write(f"{write(sys.argv[1])}\n")
