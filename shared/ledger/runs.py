"""The ledger of runs: what each did, which is under way, and whether a domain's gate is closed."""

from __future__ import annotations

from collections.abc import Iterable

from shared.ledger.model import RunResult
from shared.ledger.table import LedgerTable


class Runs(LedgerTable):
    """Runs of the domains."""

    def record_run(self, result: RunResult) -> None:
        """Stores what a run did; the same run and dataset again replaces its record."""
        key = {"pk": f"run#{result.domain}", "sk": f"{result.run_id}#{result.dataset}"}
        self._patiently(self._table.put_item, Item={**key, "result": result.to_json(), "gate": result.gate})

    def runs(self, domain: str, run_id: str | None = None) -> list[RunResult]:
        """Results of all runs of a domain, or of one."""
        names = {":p": f"run#{domain}", ":s": f"{run_id}#"} if run_id else {":p": f"run#{domain}"}
        condition = "pk = :p AND begins_with(sk, :s)" if run_id else "pk = :p"
        results = [RunResult.from_json(i["result"]) for i in self._query(condition, names) if "result" in i]
        return sorted(results, key=lambda r: (r.finished_at, r.dataset))

    def open_attempt(self, domain: str, dataset: str, run_id: str) -> bool:
        """Says that a run begins to write a dataset.

        Returns whether an earlier one began and never finished.
        """
        key = {"pk": f"attempt#{domain}/{dataset}", "sk": "open"}
        interrupted = self._get(key) is not None
        self._patiently(self._table.put_item, Item={**key, "run_id": run_id})
        return interrupted

    def close_attempt(self, domain: str, dataset: str) -> None:
        """Says that a dataset was written completely."""
        self._patiently(self._table.delete_item, Key={"pk": f"attempt#{domain}/{dataset}", "sk": "open"})

    def record_summary(
        self, domain: str, run_id: str, gate: str, changed: bool, findings: Iterable[str] = ()
    ) -> None:
        """What the state machine decides on after silver: `gate` is pass, warn or halt; `changed` tells
        whether gold has work.
        """
        item: dict[str, str | bool] = {
            "pk": f"run#{domain}",
            "sk": run_id,
            "gate": gate,
            "changed": changed,
            "findings": "; ".join(findings),
        }
        self._patiently(self._table.put_item, Item=item)

    def halt(self, domain: str, run_id: str, findings: Iterable[str]) -> None:
        """Closes the gate of a domain: gold stays as it is until somebody accepts the findings."""
        self._patiently(
            self._table.put_item,
            Item={"pk": f"gate#{domain}", "sk": "halt", "run_id": run_id, "findings": "; ".join(findings)},
        )

    def halted_by(self, domain: str) -> str | None:
        """The run that closed the domain's gate, or None while it is open."""
        held = self._get({"pk": f"gate#{domain}", "sk": "halt"})
        return str(held["run_id"]) if held else None

    def accept_halt(self, domain: str) -> None:
        """Opens the gate of a domain again."""
        self._patiently(self._table.delete_item, Key={"pk": f"gate#{domain}", "sk": "halt"})

    def lock_owner(self, domain: str) -> str | None:
        """Id of the run that owns the domain now."""
        held = self._get({"pk": f"lock#{domain}", "sk": "lock"})
        return str(held["run_id"]) if held else None

    def load_is_open(self, domain: str) -> bool:
        """Whether the warehouse has yet to follow gold: a load, or the gold job before it, failed. The state
        machine notes it before gold and removes it after the load.
        """
        return self._get({"pk": f"load#{domain}", "sk": "open"}) is not None
