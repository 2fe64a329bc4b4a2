"""What several calls of pytest found together: what failed, and one closing line in the form of pytest."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

NOTHING_FOUND = 5  # pytest's exit code: what was chosen may stand in another call
WIDTH = 80
# In the order in which pytest names them.
OUTCOMES = ("failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings", "errors")
_CLOSING = re.compile(r"^=*\s*((?:no tests ran|\d+ \w+)(?:, \d+ \w+)*) in [\d.]+s\b")
_ALONE = {"warning": "warnings", "error": "errors"}


@dataclass(frozen=True)
class Call:
    """A call of pytest that ended: what it looked at, its exit code, and all that it printed."""

    places: str
    code: int
    output: str

    @property
    def passed(self) -> bool:
        return self.code in (0, NOTHING_FOUND)

    @property
    def counts(self) -> Counter[str] | None:
        """Tests by outcome; None where it ended before it could say so."""
        said = [found[1] for line in self.output.splitlines() if (found := _CLOSING.match(line))]
        if not said:
            return None
        pairs = (part.split() for part in said[-1].split(", ") if part != "no tests ran")
        return Counter({_ALONE.get(outcome, outcome): int(number) for number, outcome in pairs})


def failures(calls: Sequence[Call]) -> list[str]:
    """The tests that failed, as pytest names them; for a call that ended otherwise, that it did."""
    found = []
    for call in calls:
        named = [line for line in call.output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        if call.counts is None or (not call.passed and not named):
            named.append(f"{call.places}: pytest ended with code {call.code}; what it said is above")
        found += named
    return found


def closing_line(calls: Sequence[Call], gates: int, seconds: float) -> str:
    """The sum of all calls. A gate that failed, and a call without a closing line of its own, are errors."""
    total = Counter(errors=gates)
    for call in calls:
        total += Counter(errors=1) if call.counts is None else call.counts
    said = ", ".join(_counted(total[o], o) for o in OUTCOMES if total[o]) or "no tests ran"
    return f"= {said} in {seconds:.2f}s ({dt.timedelta(seconds=int(seconds))}) =".center(WIDTH, "=")


def _counted(number: int, outcome: str) -> str:
    """As pytest has it: 1 error, 2 errors."""
    one = {several: single for single, several in _ALONE.items()}
    return f"{number} {one.get(outcome, outcome) if number == 1 else outcome}"
