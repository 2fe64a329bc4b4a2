"""The load benchmark's truth: what it says must become of the files that it makes."""

from __future__ import annotations

from cli.bench._load_files import Expected, expected, made_files


def test_of_a_hundred_files_five_come_twice_and_two_are_none() -> None:
    counts = {"accepted": 93, "pending": 93, "duplicate": 5, "quarantined": 2}
    assert expected(100, 1000) == Expected(counts, {"empty_file": 1, "corrupt_gzip": 1}, 372)
    files = list(made_files(100, 1000))
    assert [f.number for f in files if f.twin is not None] == [20, 40, 60, 80, 99]
    assert len({f.key for f in files}) == 100
    assert len({f.content for f in files}) == 95
    assert files[21].content.count(b"\n") == 4
    assert 800 < len(files[21].content) < 1200
