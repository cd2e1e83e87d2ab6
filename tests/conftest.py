"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real articles, feeds and pages; it lies beside a developer's checkout and CI's, nowhere else."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the developers' shared data is not on this machine")
    return folder


@pytest.fixture(scope="session")
def sample() -> Path:
    """The sample that the README's first command reads."""
    return REPOSITORY / "tests" / "data" / "sample"
