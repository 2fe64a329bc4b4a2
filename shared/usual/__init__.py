"""What is usual for a dataset, learnt from the days that it had: volume, null rates, how often files come.

docs/decisions/0023-thresholds-learnt-from-history.md has the formulas, their source and how often they err.
"""

from shared.usual.days import WINDOW_DAYS, Day
from shared.usual.learnt import Usual, allowed_gap_hours, rate_jump, volume_deviation, volume_usual

__all__ = [
    "WINDOW_DAYS",
    "Day",
    "Usual",
    "allowed_gap_hours",
    "rate_jump",
    "volume_deviation",
    "volume_usual",
]
