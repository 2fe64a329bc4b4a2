"""The sample of the shop, small."""

from __future__ import annotations

from pathlib import Path

import pytest

from domains.samples import sample_of


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    sample_of("ecommerce").generate(2500, 3, 11, folder, progress=False)
    return folder
