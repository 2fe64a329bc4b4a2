"""A clock that stands for the module `time`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Clock:
    """Only sleeping moves it. `now`: seconds of true time; `skew`: how wrong the worker's clock is; `waits`:
    all that was slept.
    """

    now: float = 1_700_000_000.0
    skew: float = 0.0
    waits: list[float] = field(default_factory=list)

    def time(self) -> float:
        return self.now + self.skew

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waits.append(seconds)
