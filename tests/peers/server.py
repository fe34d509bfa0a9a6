"""A server in a process of its own that can be killed, frozen, resumed and started again on its port."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

from tests import ROOT

_START_S = 60.0


class Server:
    """Runs `python -m module PORT *arguments`, which prints the port it listens on."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._module = module
        self._arguments = [str(argument) for argument in arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start, on the same port as before; returns once it listens."""
        command = [sys.executable, "-m", self._module, str(self.port), *self._arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, preexec_fn=_every_core
        )
        self._process = process
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], _START_S)
        line = process.stdout.readline() if ready else b""
        if not line.strip().isdigit():
            self.kill()
            raise AssertionError(f"{self._module} did not start")
        self.port = int(line)

    def kill(self) -> None:
        """At once, frozen or not."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(120)
            assert self._process.stdout is not None
            self._process.stdout.close()
        self._process = None

    def freeze(self) -> None:
        """SIGSTOP: connections stay, nothing moves."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


def _every_core() -> None:
    """The worker of the tests keeps to one."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
