"""Shared by all tests: a private data folder, no leaked threads, patience, shards, the place of the real data."""

from __future__ import annotations

import gc
import os
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.prove.shards import NAMES

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
PATIENCE_S = 120.0
PATIENCE_MS = 120_000
"""After this what did not happen never will; nothing is measured by it."""


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
    deadline = time.monotonic() + PATIENCE_S
    for thread in (t for t in threading.enumerate() if t not in before and t.name != "tqdm_monitor"):
        # One that was told to end ends, on a loaded machine later; one that was not is waited for in vain.
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            pytest.fail(f"leaked thread: {thread}")


class PatientBot(QtBot):
    """Waits for the event: a deadline is for hanging alone, whatever a test hopes for where nothing else runs."""

    def waitUntil(self, callback: Callable[[], object], *, timeout: int = 0) -> None:
        super().waitUntil(callback, timeout=max(timeout, PATIENCE_MS))

    def waitSignal(self, signal: Any, *, timeout: int = 0, **how: Any) -> Any:
        return super().waitSignal(signal, timeout=max(timeout, PATIENCE_MS), **how)


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's, with more patience."""
    return PatientBot(request)


WHOLLY_SLOW = re.compile(r"^pytestmark = pytest\.mark\.slow$", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where slow tests are left out, a file that is slow from end to end is not imported: behind most is torch."""
    if "not slow" not in config.option.markexpr.split(" and ") or collection_path.suffix != ".py":
        return None
    return True if WHOLLY_SLOW.search(collection_path.read_text(encoding="utf-8")) else None


def pytest_collection_finish() -> None:
    """What stands now stands to the end: the garbage collector need not go over it a thousand times."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A shard that is misspelt would run nowhere."""
    for item in items:
        shards = [mark.kwargs.get("shard") for mark in item.iter_markers("prove")]
        if len(shards) > 1 or not set(shards) <= set(NAMES):
            raise pytest.UsageError(f"{item.nodeid}: prove(shard=…) names one of {', '.join(NAMES)}")
        if item.get_closest_marker("smoke") and not shards:
            raise pytest.UsageError(f"{item.nodeid}: a smoke stands for a shard, prove(shard=…)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A worker cannot send what a test of odd names logged: lone surrogates are no text."""
    report = yield
    report.sections = [(title, text.encode("utf-8", "backslashreplace").decode()) for title, text in report.sections]
    return report


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder named by LINESIDE_DATA; the test is skipped where there is none."""
    named = os.environ.get("LINESIDE_DATA", "")
    if not named or not Path(named).is_dir():
        pytest.skip("LINESIDE_DATA names no folder with the real data")
    return Path(named)
