"""Sample data: in with one click, and gone without a trace."""

from typing import Any

import sqlalchemy as sa

from inbox.database import Base


def counts(app: Any) -> dict[str, int]:
    with app.extensions["trellis"].database.reading() as session:
        return {
            table.name: session.scalars(sa.select(sa.func.count()).select_from(table)).one()
            for table in Base.metadata.sorted_tables
        }


def test_samples_come_with_conversations_and_ideas_and_say_so(app: Any, client: Any) -> None:
    client.post("/samples")
    found = counts(app)
    assert found["conversations"] >= 30
    assert found["ideas"] == 5
    assert found["evidence"] == 10
    assert "Sabine Krüger" in client.get("/conversations").text


def test_a_second_click_adds_nothing(app: Any, client: Any) -> None:
    client.post("/samples")
    before = counts(app)
    client.post("/samples")
    assert counts(app) == before


def test_removing_them_leaves_no_row_but_the_history(app: Any, client: Any) -> None:
    client.get("/conversations")
    before = counts(app)
    client.post("/samples")
    client.post("/samples/removal")
    after = counts(app)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]}.keys() <= {"activities"}
