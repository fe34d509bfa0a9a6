"""The line goes first: what it leaves to others, and how they know that it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

import main
from engine.system.line_lock import LineLock, line_runs
from engine.system.threads import NICENESS, lower_priority

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has priority classes instead")
linux = pytest.mark.skipif(sys.platform != "linux", reason="threads have no niceness of their own there")

HOLDS = """
import sys
from pathlib import Path
from engine.system.line_lock import LineLock
lock = LineLock(Path(sys.argv[1]))
lock.take()
print("taken", flush=True)
sys.stdin.read()
"""
BEHIND = """
import os, sys, threading
from pathlib import Path
from engine.system.line_lock import stay_behind
from engine.system.threads import stands_behind, thread_budget
def after():
    began.wait()
    print(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), flush=True)
before, began = thread_budget(), threading.Event()
thread = threading.Thread(target=after)
thread.start()
if sys.argv[2] == "first":
    stay_behind("run", Path(sys.argv[1]))
stay_behind("train" if sys.argv[2] == "train" else "--page", Path(sys.argv[1]))
began.set()
thread.join()
print(stands_behind(), before, thread_budget())
print(os.sched_getscheduler(0) == os.SCHED_IDLE if sys.platform == "linux" else True)
"""
LATER = """
import sys
from pathlib import Path
from engine.system import line_lock
line_lock.LOOK_S = 0.01
line_lock.stay_behind("scan", Path(sys.argv[1]))
print("before", flush=True)
for thread in line_lock.threading.enumerate():
    if thread.name == "line-watch":
        thread.join()
print(line_lock.line_runs(Path(sys.argv[1])), flush=True)
"""


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_line_is_known_of_while_it_runs_and_several_may(tmp_path: Path) -> None:
    assert not line_runs(tmp_path)
    one, other = LineLock(tmp_path), LineLock(tmp_path)
    one.take()
    other.take()
    one.give()
    assert line_runs(tmp_path)
    other.give()
    other.give()
    assert not line_runs(tmp_path)


def test_a_line_that_was_killed_runs_no_more(tmp_path: Path) -> None:
    with python(HOLDS, tmp_path) as line:
        assert said(line) == "taken"
        assert line_runs(tmp_path)
        line.kill()
        line.wait()
        assert not line_runs(tmp_path)


def test_a_folder_that_takes_no_lock_costs_the_line_nothing(tmp_path: Path) -> None:
    lock = LineLock(tmp_path / "missing")
    lock.take()
    lock.give()
    assert not line_runs(tmp_path / "missing")


@posix
def test_beside_a_line_a_command_takes_what_is_left_in_all_its_threads(tmp_path: Path) -> None:
    with ExitStack() as stack:
        lock = LineLock(tmp_path)
        lock.take()
        stack.callback(lock.give)
        with python(BEHIND, tmp_path, "train") as command:
            assert said(command) == "19", "a thread from before"
            behind, before, after = said(command).split()
            assert behind == "True"
            assert int(after) == max(1, int(before) // 2)
            assert said(command) == "True"


@posix
@pytest.mark.parametrize("command", ["first", "window"])
def test_the_line_and_the_window_never_step_behind(tmp_path: Path, command: str) -> None:
    lock = LineLock(tmp_path)
    lock.take()
    with python(BEHIND, tmp_path, command) as process:
        assert said(process) == str(os.getpriority(os.PRIO_PROCESS, 0))
        assert said(process).startswith("False")
    lock.give()


@posix
def test_without_a_line_a_command_has_all_of_the_machine(tmp_path: Path) -> None:
    with python(BEHIND, tmp_path, "train") as process:
        assert said(process) == str(os.getpriority(os.PRIO_PROCESS, 0))
        behind, before, after = said(process).split()
        assert (behind, before) == ("False", after)


@posix
def test_a_command_steps_behind_a_line_that_begins_later(tmp_path: Path) -> None:
    with python(LATER, tmp_path) as command:
        assert said(command) == "before"
        lock = LineLock(tmp_path)
        lock.take()
        assert said(command) == "True"
        lock.give()


def test_every_command_but_those_of_the_line_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[tuple[str, Path]] = []
    monkeypatch.setattr(main, "stay_behind", lambda command, folder: told.append((command, folder)))
    monkeypatch.setattr(main, "_done", lambda _words: 0)
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["lineside", "train", "parts"])
    main.main()
    assert told == [("train", tmp_path)]
    main.main(["scan", "parts"])
    assert len(told) == 1, "a process that is somebody else's stays where it is"


@linux
def test_a_thread_steps_back_alone() -> None:
    found = []

    def work() -> None:
        lower_priority()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))]
    assert os.getpriority(os.PRIO_PROCESS, 0) == os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@posix
def test_line_waits_for_nobody_who_looks_whether_one_runs(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")

    looking = os.open(tmp_path / "line.lock", os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(looking, fcntl.LOCK_EX)
    began = threading.Thread(target=LineLock(tmp_path).take, daemon=True)
    began.start()
    began.join(60)
    assert not began.is_alive()
    os.close(looking)
