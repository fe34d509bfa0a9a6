"""A GigE Vision camera on 127.0.0.1 that a test starts, freezes, kills and starts again."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

import pytest

from engine.sources.genicam.gige import GVCP_PORT, Pulse
from tests import ROOT

ADDRESS = "127.0.0.1"
_PROGRAM = "arv-fake-gv-camera-0.8"
_START_S, _TURN_S = 120.0, 800.0


def need_aravis() -> None:
    """Skip the test where Aravis is not installed."""
    if shutil.which(_PROGRAM) is None or importlib.util.find_spec("gi") is None:
        pytest.skip("Aravis is not installed (Debian: aravis-tools, gir1.2-aravis-0.8 and PyGObject)")


class FakeGigE:
    """Aravis' fake camera, losing `lose` packets in a thousand, or one that shows the pictures of a folder.

    It listens on GigE Vision's one port of 127.0.0.1 (Aravis binds no other loopback address), so only one runs at a
    time: from `start` to `stop` it holds a lock that other test processes wait for. It lives no longer than the thread
    that started it.
    """

    uri = f"gige:{ADDRESS}"
    """By address: by serial number, Aravis looks for it a whole second."""

    def __init__(self, serial: str = "LS01", *, lose: int = 0, pictures: Path | None = None) -> None:
        self.serial = serial
        self._command = [_PROGRAM, "-i", ADDRESS, "-s", serial, "-r", str(lose)]
        if pictures is not None:
            self._command = [sys.executable, "-m", "tests.peers.gige_camera", serial, str(pictures)]
        self._process: subprocess.Popen[bytes] | None = None
        self._turn: IO[bytes] | None = None

    def __enter__(self) -> FakeGigE:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns once it answers; waits for its turn first."""
        self._take_turn()
        try:
            self.restart()
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        """Start again after `kill`; returns once it answers."""
        assert self._process is None
        pulse, until = Pulse(ADDRESS), time.monotonic() + _START_S
        while pulse.controlled(1, 0.2) is not None:
            assert time.monotonic() < until, f"somebody else's camera has port {GVCP_PORT}"
            time.sleep(0.1)
        held = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        process = subprocess.Popen(
            [*held, *self._command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=_every_core,
        )  # fmt: skip
        self._process = process
        while pulse.controlled(1, 0.2) is None:
            assert process.poll() is None, f"{self._command[0]} ended: is the port {GVCP_PORT} taken?"
            assert time.monotonic() < until, f"{self._command[0]} does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        """At once, frozen or not, without a word to whoever is connected."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(120)
        self._process = None

    def freeze(self) -> None:
        """SIGSTOP: the port stays, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Kill it and let the next one have the port."""
        self.kill()
        if self._turn is not None:
            self._turn.close()
        self._turn = None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _take_turn(self) -> None:
        turn = Path(tempfile.gettempdir(), f"lineside-gige-{os.getuid()}.lock").open("wb")  # noqa: SIM115 - kept open
        until = time.monotonic() + _TURN_S
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._turn = turn
                return
            if time.monotonic() > until:
                turn.close()
                raise AssertionError("another test kept the camera's port")
            time.sleep(0.05)


def _every_core() -> None:
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
