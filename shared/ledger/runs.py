"""The ledger of runs: what each did, which is under way, and whether a domain's gate is closed."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterable
from typing import Any

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

    def held_for(self, domain: str, now: float | None = None) -> str | None:
        """Id of the run that is yet to start and for which a migration holds the domain now."""
        held = self._get({"pk": f"lock#{domain}", "sk": "lock"}) or {}
        now_ms = 1000 * (time.time() if now is None else now)
        return str(held["run_id"]) if held.get("until", 0) > now_ms else None

    def hold(
        self, domain: str, run_id: str, seconds: int, instead_of: str | None = None, now: float | None = None
    ) -> bool:
        """Whether a run that is yet to start owns the domain now, until it starts or that time has passed;
        the same run again prolongs it. `instead_of`: a dead owner, for whom nobody holds the domain.
        """
        # Milliseconds, as the state machine's clock has them.
        now_ms = int(1000 * (time.time() if now is None else now))
        item = {"pk": f"lock#{domain}", "sk": "lock", "run_id": run_id, "until": now_ms + 1000 * seconds}
        condition = (
            "attribute_not_exists(pk) OR run_id = :me"
            " OR (run_id = :dead AND (attribute_not_exists(#u) OR #u < :now))"
        )
        values = {":me": run_id, ":dead": instead_of or "", ":now": now_ms}
        return self._put(item, condition, values, {"#u": "until"})

    def release_lock(self, domain: str, run_id: str) -> None:
        """Gives the domain back, unless somebody else owns it by now."""
        if self.lock_owner(domain) == run_id:
            self._patiently(self._table.delete_item, Key={"pk": f"lock#{domain}", "sk": "lock"})

    def record_migration(self, domain: str, run_id: str, at: float, steps: list[dict[str, Any]]) -> None:
        """Keeps what a migration does; the run fills its tables."""
        key = {"pk": f"migration#{domain}", "sk": run_id}
        moment = dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="seconds")
        self._patiently(self._table.put_item, Item={**key, "at": moment, "steps": json.dumps(steps)})

    def migrations(self, domain: str) -> list[dict[str, Any]]:
        """All of a domain, oldest first."""
        items = self._query("pk = :p", {":p": f"migration#{domain}"})
        return [{"run_id": i["sk"], "at": i["at"], "steps": json.loads(i["steps"])} for i in items]

    def load_is_open(self, domain: str) -> bool:
        """Whether the warehouse has yet to follow gold: a load, or the gold job before it, failed. The state
        machine notes it before gold and removes it after the load.
        """
        return self._get({"pk": f"load#{domain}", "sk": "open"}) is not None
