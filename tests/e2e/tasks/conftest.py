"""A screen of its own for each file of tests, and a way to sit down at a station."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from db.maintenance.verify import verify
from db.store.session import Database, open_database
from engine.domain.inspection import Inspection
from engine.system.places import database_url
from tests import ROOT
from tests.e2e.tasks import stations
from tests.e2e.tasks.play import STUCK, TASKS
from tests.e2e.tasks.screen import screen

ATTEMPTS = 3
"""Whoever does the task goes by what is on screen; one that waits in vain on a busy machine begins anew."""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen of its own."""
    with screen() as shown:
        yield shown


class Done:
    """A task that was done: what was seen, and the station as it was left."""

    def __init__(self, home: Path, beside: Path, seen: dict[str, Any]) -> None:
        self.home, self.beside, self.seen = home, beside, seen

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Whole, as every task leaves it."""
        with closing(open_database(database_url(self.home))) as db:
            assert verify(db) == []
            yield db


def said_of(part: Inspection) -> str:
    """What judged it, as the status bar says it."""
    return (
        f"{part.traveller.product} · {part.recipe.name} {part.recipe.version} · {part.model.name} {part.model.version}"
    )


Prepare = Callable[[Path, Path], None]
Do = Callable[..., Done]


@pytest.fixture
def do(display: str, tmp_path: Path) -> Do:
    """`do(task, prepare)`: every sitting of it, on a station that `prepare(home, beside)` makes."""

    def done(task: str, prepare: Prepare = lambda home, _beside: stations.make_station(home)) -> Done:
        for attempt in range(ATTEMPTS):
            place = tmp_path / f"{task} {attempt}"
            home, beside = place / "home", place / "beside"
            beside.mkdir(parents=True)
            prepare(home, beside)
            seen: dict[str, Any] = {}
            for sitting in range(len(TASKS[task])):
                sat = _sit(display, home, task, sitting, beside)
                if sat.returncode:
                    break
                assert "Traceback" not in sat.stderr, sat.stderr
                seen |= json.loads(sat.stdout.splitlines()[-1])
            if sat.returncode != STUCK:
                break
        assert sat.returncode == 0, sat.stdout + sat.stderr
        assert seen["platform"] == "xcb"
        return Done(home, beside, seen)

    return done


def _sit(display: str, home: Path, task: str, sitting: int, beside: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "LINESIDE_HOME": str(home)}
    command = [sys.executable, "-m", "tests.e2e.tasks.play", task, str(sitting), str(beside)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=800, check=False)
