"""`./lake generate` of the shop's sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.main import main


def test_samples_replace_an_earlier_sample_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        assert main(["generate", "ecommerce", "--rows", "200", "--days", "1", "--out", str(out)]) == 0
    (out / "mine.txt").write_text("precious")
    assert main(["generate", "ecommerce", "--rows", "200", "--out", str(out)]) == 1
    assert main(["generate", "ecommerce", "--rows", "200", "--out", str(out / "mine.txt")]) == 1
    assert (out / "mine.txt").read_text() == "precious"
    assert "mine.txt" in capsys.readouterr().err
