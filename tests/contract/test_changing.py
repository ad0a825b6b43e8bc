"""What changes after it was read: an edit, a deletion, and messages asked for again one by one."""

import json
from dataclasses import replace

from inbox.connectors.contract import Batch, Known
from tests.contract.stage import Stage
from tests.contract.test_reading import fetched, names
from tests.contract.traits import deletions, edits, needs, paged, polled, refetched


@needs(polled, edits)
def test_an_edit_brings_the_message_again_under_its_id(stage: Stage) -> None:
    cursor = stage.brought()[-1].cursor
    name = stage.name_of(stage.items[1])
    stage.edit(1, "Ganz andere Worte")
    with stage.later():
        batches = stage.brought(cursor)
        assert [(m.external_id, m.text) for b in batches for m in b.messages] == [(name, "Ganz andere Worte")]
        assert fetched(stage.brought(batches[-1].cursor)) == 0


@needs(polled, deletions)
def test_what_was_deleted_there_is_told_once(stage: Stage) -> None:
    cursor = stage.brought()[-1].cursor
    gone = stage.name_of(stage.items[1])
    stage.delete(1)
    with stage.later():
        batches = stage.brought(cursor)
        assert [d.external_id for b in batches for d in b.deletions] == [gone]
    with stage.later():
        assert fetched(stage.brought(batches[-1].cursor)) == 0


@needs(paged)
def test_what_only_left_the_list_is_not_taken_for_deleted(stage: Stage) -> None:
    cursor = stage.brought()[-1].cursor
    fresh = stage.named(stage.items[0], "3lbnew22222aa")
    stage.pages = [[fresh, stage.items[0]]]
    assert not any(batch.deletions for batch in stage.brought(cursor))


@needs(refetched)
def test_messages_are_given_again_as_they_are_now(stage: Stage) -> None:
    batches = stage.brought()
    asked = [known for known in stage.known(batches) if known.external_id in names(batches)]
    asked = asked[: stage.connector().capabilities.refetches]
    before = {m.external_id: m for batch in batches for m in batch.messages}
    again = again_of(stage, asked)
    assert [m.external_id for m in again.messages] and not again.deletions
    assert {m.external_id: m.text for m in again.messages} == {k.external_id: before[k.external_id].text for k in asked}
    assert {m.external_id: m.thread_id for m in again.messages} == {k.external_id: k.thread_id for k in asked}


@needs(refetched)
def test_an_edited_message_is_given_again_with_its_new_words(stage: Stage) -> None:
    known = one_known(stage, stage.name_of(stage.items[1]))
    stage.items[1] = stage.worded(stage.items[1], "Ganz andere Worte")
    again = again_of(stage, [known])
    assert [(m.external_id, m.text) for m in again.messages] == [(known.external_id, "Ganz andere Worte")]


@needs(refetched)
def test_a_message_that_is_gone_comes_as_a_deletion(stage: Stage) -> None:
    known = one_known(stage, stage.name_of(stage.items[1]))
    del stage.items[1]
    again = again_of(stage, [known])
    assert [d.external_id for d in again.deletions] == [known.external_id]
    assert not again.messages


@needs(refetched)
def test_a_message_that_does_not_say_what_it_is_harms_no_other(stage: Stage) -> None:
    known = one_known(stage, stage.name_of(stage.items[1]))
    strange = replace(known, external_id="no-such-message", handle={})
    room = stage.connector().capabilities.refetches
    again = again_of(stage, [strange, known][-room:] if room > 1 else [known])
    assert known.external_id in [m.external_id for m in again.messages]


def one_known(stage: Stage, name: str) -> Known:
    """The message of this name, as it is kept."""
    return next(known for known in stage.known(stage.brought()) if known.external_id == name)


def again_of(stage: Stage, asked: list[Known]) -> Batch:
    """The messages asked for again; their handles come out of the database."""
    return stage.connector().refetch(
        [Known(known.external_id, known.thread_id, json.loads(json.dumps(dict(known.handle)))) for known in asked]
    )
