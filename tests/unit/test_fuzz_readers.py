"""Any bytes give a verdict in bounded time and memory, and what is accepted is read alike a second time.

Tried also with atheris, which chooses its mutations by what they reach in the code: it found nothing beyond
these (docs/reference/trust-figures.md), so it is no dependency.
"""

from __future__ import annotations

import pytest

from shared.records import reading
from tests.support import fuzz
from tests.support.figures import Noted
from tests.support.fuzz import ALONE, Tried, attempts, attempts_apart
from tests.support.mutations import families, mutated

MUTATED = "Mutated files of 16 families"
SAMPLE, MANY = 120, 12_600  # of each family; 16 families


def line(tried: Tried) -> str:
    reasons = ", ".join(f"{r} {n}" for r, n in tried.reasons.most_common())
    return f"{tried.name} | {tried.inputs} | {tried.accepted} | {tried.seconds:.2f} | {tried.megabytes} | {reasons}"


@pytest.mark.parametrize("name", families())
def test_mutated_files_get_a_verdict_and_are_read_as_they_were_counted(name: str):
    tried = (attempts_apart if name in ALONE else attempts)(name, range(SAMPLE))
    assert tried.findings == []
    assert tried.inputs == SAMPLE
    assert tried.accepted >= 5, "too few mutations leave a file whole: this tries next to nothing"
    assert len(tried.reasons) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", families())
def test_many_mutated_files_get_a_verdict_and_are_read_as_they_were_counted(
    name: str, capsys: pytest.CaptureFixture[str], figures: Noted
):
    tried = attempts_apart(name, range(MANY))
    with capsys.disabled():
        print(f"\n{line(tried)}")  # noqa: T201  the figures of docs/reference/trust-figures.md
    assert tried.findings == []
    assert tried.inputs == MANY
    figures.add(MUTATED, "files with a verdict in 2 CPU s and 512 MB", tried.inputs)
    figures.add(MUTATED, "of these accepted, and read again with the same count", tried.accepted)


def test_a_mutation_is_made_again_from_its_name_and_number():
    first = {name: [mutated(name, n) for n in range(20)] for name in families()}
    families.cache_clear()
    assert {name: [mutated(name, n) for n in range(20)] for name in families()} == first
    assert all(len(set(some)) > 15 for some in first.values())


def test_a_reader_that_loses_a_record_is_found(monkeypatch: pytest.MonkeyPatch):
    whole = reading.rows
    monkeypatch.setattr(fuzz, "rows", lambda *given: list(whole(*given))[1:])
    findings = attempts("csv", range(30)).findings
    assert any("records, 0 unreadable; read:" in f for f in findings)


def test_a_file_that_takes_too_long_or_too_much_memory_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fuzz, "SECONDS", 0.0)
    monkeypatch.setattr(fuzz, "PER_MEGABYTE", 0.0)
    monkeypatch.setattr(fuzz, "MEGABYTES", 1)
    slow, large = attempts("csv", range(1)).findings
    assert slow.startswith("csv 0: ")
    assert "CPU s for" in slow
    assert large.startswith("csv 0: ")
    assert "MB for" in large
