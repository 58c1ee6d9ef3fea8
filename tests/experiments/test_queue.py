"""Runs side by side: what happens to the others when one fails."""

import time
from pathlib import Path

import pytest

from earmark.errors import EarmarkError
from earmark.experiments.queue import side_by_side
from tiny_workers import write_or_fail


def test_a_failure_ends_the_others_at_once_and_they_leave_nothing_half_written(tmp_path: Path) -> None:
    started_s = time.monotonic()
    items = [tmp_path / name for name in ("one", "failure", "two", "three")]
    with pytest.raises(EarmarkError, match="The failure"):
        side_by_side(write_or_fail, items, 2, lambda: None)
    deadline_s = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not list(tmp_path.iterdir())
    assert time.monotonic() - started_s < 40
