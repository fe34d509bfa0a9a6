"""Shared by all tests: a private data folder, no leaked threads, the place of the real data."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def _one_core_each() -> None:
    """Several workers at once: each keeps to a core of its own, or their threads would wait for one another."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


_one_core_each()


@pytest.fixture(autouse=True)
def lineside_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, database and archive of this test alone."""
    home = tmp_path / "home"
    monkeypatch.setenv("LINESIDE_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """A thread of ours that outlives its test fails it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline:
        leaked = [t for t in threading.enumerate() if t not in before and t.is_alive() and t.name != "tqdm_monitor"]
        if not leaked:
            return
        time.sleep(0.02)
    pytest.fail(f"leaked threads: {leaked}")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder named by LINESIDE_DATA; the test is skipped where there is none."""
    named = os.environ.get("LINESIDE_DATA", "")
    if not named or not Path(named).is_dir():
        pytest.skip("LINESIDE_DATA names no folder with the real data")
    return Path(named)
