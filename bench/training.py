"""Picking a training round, and a page of the ledger of corrections, bounded by the bare SQL that reads the same rows."""

import sqlite3

from bench.figure import Figure, milliseconds_of
from inbox.database import Database
from inbox.training.browse import Filters, Which, browse
from inbox.training.pick import CANDIDATES, NEWEST, pick

# The remainders of the id spread the answers; what they say does not matter here.
LABELS = """
INSERT INTO labels ("primary", tags, question, complaint, idea, troll, language, model_version, labelled_at, message_id)
SELECT 'question', 'question', id % 97 / 97.0, id % 89 / 89.0, id % 83 / 83.0, id % 79 / 158.0, language, 'm', received_at, id
FROM messages WHERE direction = 'in'
"""
CORRECTIONS = """
INSERT INTO corrections (message_id, teammate_id, at, before, after, before_primary, after_primary, model_version, probabilities)
SELECT id, id % 7 + 1, received_at, 'question', 'idea', 'question', CASE id % 5 WHEN 0 THEN 'question' ELSE 'idea' END, 'm', '{}'
FROM messages WHERE direction = 'in' AND id % 2 = 0
"""
TEAMMATES = """
INSERT INTO teammates (id, email, name, role, language, time_zone, is_active, created_at)
VALUES (?, ?, 'Ada', 'manager', 'de', 'UTC', 1, '2026-01-01 00:00:00.000000')
"""
NEWEST_LABELLED = f"""
SELECT m.id, m.identity_id, substr(m.text, 1, 400), l.question, l.complaint, l.idea, l.troll, l.corrected_by_id
FROM (SELECT id FROM messages WHERE direction = 'in' ORDER BY posted_at DESC, id DESC LIMIT {NEWEST}) newest
JOIN messages m ON m.id = newest.id JOIN labels l ON l.message_id = m.id ORDER BY l.question DESC LIMIT {CANDIDATES}
"""
LEDGER = """
SELECT c.*, t.name, substr(m.text, 1, 300), m.conversation_id, ch.kind, ch.name, l.language FROM corrections c
JOIN messages m ON m.id = c.message_id JOIN channels ch ON ch.id = m.channel_id
LEFT JOIN labels l ON l.message_id = c.message_id LEFT JOIN teammates t ON t.id = c.teammate_id
WHERE c.teammate_id = 3 ORDER BY c.id DESC LIMIT 51
"""


def training_pages(database: Database) -> list[Figure]:
    """One of two messages is corrected, so that the ledger is long."""
    bare = sqlite3.connect(str(database.engine.url.database))
    with bare:
        bare.executemany(TEAMMATES, [(number, f"ada{number}@example.org") for number in range(1, 8)])
        bare.execute(LABELS)
        bare.execute(CORRECTIONS)

    def round_() -> None:
        with database.reading() as session:
            pick(session)

    def ledger() -> None:
        with database.reading() as session:
            browse(session, Filters(which=Which.CHANGED, teammate_id=3))

    picked = milliseconds_of(round_, lambda: bare.execute(NEWEST_LABELLED).fetchall())
    listed = milliseconds_of(ledger, lambda: bare.execute(LEDGER).fetchall())
    return [Figure("training round", picked[0], "ms", picked[1]), Figure("ledger", listed[0], "ms", listed[1])]
