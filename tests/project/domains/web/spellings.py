"""Times as only the tests' site writes them: `29.11.2024 10:00:00`, and `at 10:00:00` of the file's day."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared.spellings import Spelling

DOTTED = r"^(\d{2})[.](\d{2})[.](\d{4}) "
SPARK_DOTTED = DOTTED.replace("\\", "\\\\")  # Spark's SQL unescapes its texts


def _dotted(value: str, _: str) -> str:
    return f"regexp_replace({value}, '{SPARK_DOTTED}', '$3-$2-$1 ')"


def _clock(value: str, day: str) -> str:
    return f"CASE WHEN startswith({value}, 'at ') THEN concat({day}, substr({value}, 3)) ELSE {value} END"


SPELLINGS: Mapping[str, Spelling] = {
    "dotted_days": Spelling(_dotted, lambda text: re.sub(DOTTED, r"\3-\2-\1 ", text)),
    "bare_clock": Spelling(_clock),
}
