"""A driver whose clock is wrong."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class _Any(type):
    """Every datetime counts as one of the class, also those that were made before it stood there."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _REAL)


_REAL = dt.datetime


@contextmanager
def skewed(by: dt.timedelta) -> Iterator[None]:
    """This process reads a clock that is wrong by so much; Spark's JVM and AWS read the right one."""

    class Shifted(_REAL, metaclass=_Any):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return _REAL.now(tz) + by

    real, real_ns = time.time, time.time_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dt, "datetime", Shifted)
        patch.setattr(time, "time", lambda: real() + by.total_seconds())
        patch.setattr(time, "time_ns", lambda: real_ns() + int(by.total_seconds() * 10**9))
        yield
