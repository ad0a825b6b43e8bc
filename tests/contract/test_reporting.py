"""Reports: what a platform tells later of an answer that it took."""

import json
from typing import Any

import pytest

from inbox.connectors.contract import ConnectorError, Refused
from tests.contract.stage import Stage
from tests.contract.test_delivering import replaced
from tests.contract.test_sending import question
from tests.contract.traits import needs, reporting

pytestmark = needs(reporting)


@pytest.mark.parametrize("has_arrived", [True, False])
def test_a_report_names_the_answer_as_its_receipt_did(stage: Stage, has_arrived: bool) -> None:
    receipt = stage.connector().send(stage.reply_to(question(stage)))
    batch = stage.connector().receive(*stage.report(receipt.external_id, has_arrived=has_arrived))
    (report,) = batch.reports
    assert (report.external_id, report.has_arrived) == (receipt.external_id, has_arrived)
    assert bool(report.reason) is not has_arrived


def test_a_report_is_counted_and_no_message(stage: Stage) -> None:
    batch = stage.connector().receive(*stage.report("ours", has_arrived=False))
    assert (batch.fetched, batch.filtered, len(batch.messages), len(batch.bad)) == (1, 1, 0, 0)


def test_a_report_that_is_repeated_says_the_same(stage: Stage) -> None:
    told = stage.report("ours", has_arrived=False)
    first, second = (stage.connector().receive(*told) for _ in range(2))
    assert first == second


def test_a_report_signed_with_another_secret_is_refused(stage: Stage) -> None:
    with pytest.raises(Refused):
        stage.connector().receive(*stage.report("ours", has_arrived=False, forged=True))


@pytest.mark.parametrize("nonsense", [None, 7, True, [], [None], {"a": 1}, "x" * 5_000, "\0\ud800"])
def test_a_report_of_wrong_types_is_refused_or_says_what_can_be_read(stage: Stage, nonsense: object) -> None:
    _headers, body = stage.report("ours", has_arrived=False)
    for word in _names(json.loads(body)):
        changed = json.dumps(replaced(json.loads(body), word, nonsense)).encode()
        try:
            batch = stage.connector().receive(*stage.signed_as_it_is(changed))
        except ConnectorError:
            continue
        assert not batch.messages
        for report in batch.reports:
            assert type(report.external_id) is str
            assert report.external_id
            assert report.has_arrived or report.reason


def _names(node: Any) -> set[str]:
    if isinstance(node, list):
        return {name for entry in node for name in _names(entry)}
    return {*node, *(name for entry in node.values() for name in _names(entry))} if isinstance(node, dict) else set()
