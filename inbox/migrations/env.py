"""What Alembic runs: the migrations, on the connection that `migrate` has opened and will commit."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from inbox.conversations.search_index import is_search
from inbox.tables import metadata


def _is_ours(_object: Any, name: str | None, _kind: str, is_reflected: bool, _compared_to: Any) -> bool:
    # The search index stands in no model; the migration makes it by hand.
    return not (is_reflected and is_search(name))


def _rendered(kind: str, thing: Any, autogen: Any) -> str | Literal[False]:
    # A migration must mean the same for ever, so it names no class of ours.
    if kind == "type" and type(thing).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, sa.JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    include_object=_is_ours,
    render_item=_rendered,
    # With BEGIN sent by our engine, SQLite rolls back tables as well as rows.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
