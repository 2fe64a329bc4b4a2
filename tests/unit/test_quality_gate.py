"""The gate between silver and gold: what halts, what a person's acceptance covers, and when the ledger hears
of it.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from glue_scripts import bronze_to_silver
from glue_scripts.engine.silver.batch import Loaded
from glue_scripts.engine.silver.gate import decision, judgement, unusual
from glue_scripts.engine.silver.metrics import run_metrics
from glue_scripts.engine.silver.work import Work
from shared.contracts import Threshold, contract
from shared.ledger.model import RowCounts, RunResult
from shared.metrics import LEARNT, names

HALT = ("halt", ["events: quarantine_rate is 0.9000, above 0.5 (halt)"])


def test_a_halt_stops_gold():
    assert decision(*HALT, accepted=False, closed_by="r1") == (
        "halt",
        (*HALT[1], "the gate was closed by run r1; start a run with accept_gate true to open it"),
    )


def test_a_gate_that_an_earlier_run_closed_stops_a_run_without_findings():
    gate, [finding] = decision("pass", [], accepted=False, closed_by="r1")
    assert (gate, finding) == (
        "halt",
        "the gate was closed by run r1; start a run with accept_gate true to open it",
    )


def test_an_accepting_run_warns_of_its_own_halt_and_goes_on():
    gate, findings = decision(*HALT, accepted=True, closed_by=None)
    assert gate == "warn"
    assert findings == (*HALT[1], "accepted: this run was started with accept_gate true")


@pytest.mark.parametrize("gate", ["pass", "warn"])
@pytest.mark.parametrize("accepted", [True, False])
def test_other_findings_stay_what_they_are(gate: str, accepted: bool):
    assert decision(gate, ["f"], accepted=accepted, closed_by=None) == (gate, ("f",))


def test_a_threshold_is_crossed_above_its_maximum_and_with_enough_rows_only():
    strict = [Threshold("quarantine_rate", 0.5, "halt", 100)]
    assert judgement(strict, {"total_rows": 100, "quarantine_rate": 0.6})[0] == "halt"
    assert judgement(strict, {"total_rows": 100, "quarantine_rate": 0.5}) == ("pass", ())
    assert judgement(strict, {"total_rows": 99, "quarantine_rate": 0.6}) == ("pass", ())


def test_a_finding_says_what_was_found_and_what_is_usual():
    limits = [Threshold("volume_deviation", 5.0, "warn"), Threshold("silence", 1.0, "halt")]
    values = {"total_rows": 10.0, "volume_deviation": 7.0}
    assert judgement(limits, values, {"volume_deviation": "100 rows, where 334 to 3000 are usual"}) == (
        "warn",
        ("volume_deviation is 7.0000, above 5.0 (warn): 100 rows, where 334 to 3000 are usual",),
    )
    assert unusual(limits, values) == 1
    assert unusual([Threshold("quarantine_rate", 0.1, "warn")], {"quarantine_rate": 0.5}) == 0


def run(ledger: Any, *, accept: bool) -> Any:
    given = SimpleNamespace(
        domain="shop", run_id="r1", names=MagicMock(), accept_gate=accept, full_refresh=False
    )
    return given, SimpleNamespace(ledger=ledger, s3=MagicMock(), cloudwatch=MagicMock())


def stored(ledger: Any, *, gate: str, accept: bool) -> list[str]:
    """The calls of the ledger when one dataset's result is stored."""
    given, clients = run(ledger, accept=accept)
    result = RunResult(
        "shop",
        "r1",
        "events",
        RowCounts(),
        gate=gate,
        gate_findings=("bad",),
        finished_at="2026-05-01T00:00:00",
    )
    bronze_to_silver.store(given, clients, contract("shop").dataset("events"), result, Work(()))
    return [name for name, _, _ in ledger.method_calls]


def test_the_gate_is_closed_before_the_files_count_as_done():
    """Otherwise a failure in between, or of another dataset, leaves it open for rows that no later run judges
    again.
    """
    calls = stored(ledger := MagicMock(), gate="halt", accept=False)
    assert calls.index("halt") < calls.index("mark_processed")
    ledger.halt.assert_called_once_with("shop", "r1", ["events: bad"])


@pytest.mark.parametrize(("gate", "accept"), [("halt", True), ("warn", False), ("pass", False)])
def test_nothing_else_closes_it(gate: str, accept: bool):
    assert "halt" not in stored(MagicMock(), gate=gate, accept=accept)


def test_a_run_that_accepts_opens_the_gate_and_tells_of_its_own_findings(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bronze_to_silver.changes, "are_pending", lambda spark, job: True)
    result = RunResult("shop", "r1", "events", RowCounts(), gate="halt", gate_findings=("bad",))
    ledger = MagicMock()
    ledger.halted_by.return_value, ledger.load_is_open.return_value = None, False
    ledger.runs.return_value = [result]
    given, clients = run(ledger, accept=True)
    bronze_to_silver.conclude(MagicMock(), given, clients, [result])
    ledger.accept_halt.assert_called_once_with("shop")
    ledger.halt.assert_not_called()
    assert ledger.record_summary.call_args.args[2:4] == ("warn", True)
    assert (
        json.dumps(ledger.record_summary.call_args.args[4])
        == '["events: bad", "accepted: this run was started with accept_gate true"]'
    )


def test_a_run_s_figures_have_the_names_that_thresholds_may_use():
    dataset = contract("shop").dataset("events")
    done = Loaded(RowCounts(4, 2, 2), {"missing_key": 2}, {"user_id": 1}, 0, 0)
    found = run_metrics(dataset, [], done)
    assert found["null_rate_user_id"] == 0.5
    assert found["quarantined_missing_key"] == 2
    assert set(found) <= set(names(dataset.target.sent_names))
    fixed = {n for n in names(()) if not n.startswith("quarantined_")} | {"quarantined_rows"}
    fixed -= LEARNT.keys()  # without history there are none
    assert set(found) == fixed | {"null_rate_user_id", "quarantined_missing_key"}
