"""SIGTERM takes a command's work back as Ctrl-C does, and a second one does not wait."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from engine.system.terminal import ending_in_order
from tests import ROOT

ENDS = """
import signal
from engine.system.terminal import ending_in_order

before = signal.getsignal(signal.SIGTERM)
try:
    with ending_in_order():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            print("next at once", signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
except KeyboardInterrupt:
    print("interrupted", signal.getsignal(signal.SIGTERM) is before)
"""
READ = """
import signal
import main

# A shell starts what runs behind it deaf to Ctrl-C, and so the suite and its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
main.build_parser = lambda _wanted: signal.raise_signal(NUMBER)
print(main.main(["verify"]))
"""


def _told(code: str) -> str:
    """What a program of its own prints: a worker's tests need not run in its main thread, which alone hears signals."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_sigterm_ends_as_ctrl_c_does_and_the_next_one_at_once() -> None:
    assert _told(ENDS) == "next at once True\ninterrupted True\n"


def test_outside_the_main_thread_nothing_is_changed() -> None:
    found: list[object] = []

    def work() -> None:
        with ending_in_order():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_the_command_line_is_read_is_no_traceback(number: signal.Signals) -> None:
    assert _told(READ.replace("NUMBER", str(int(number)))) == "130\n"
