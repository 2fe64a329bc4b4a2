"""Contracts are read by people: in an editor, in a review and in a difference."""

from __future__ import annotations

import pytest

from shared.contracts.load import CONTRACT
from shared.project import domains_folder

LONGEST = 120


@pytest.mark.parametrize("path", sorted(domains_folder().glob(f"*/{CONTRACT}")), ids=lambda p: p.parent.name)
def test_no_line_of_a_contract_is_longer_than_a_screen(path):
    lines = path.read_text("utf-8").splitlines()
    assert [n for n, line in enumerate(lines, 1) if len(line) > LONGEST] == []
