"""SIGTERM takes a command's work back as Ctrl-C does, and a second one does not wait."""

from __future__ import annotations

import signal
import threading

import pytest

import main
from engine.system.terminal import ending_in_order


def test_sigterm_ends_as_ctrl_c_does_and_the_next_one_at_once() -> None:
    before = signal.getsignal(signal.SIGTERM)
    taken_back = False
    with pytest.raises(KeyboardInterrupt), ending_in_order():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            taken_back = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert taken_back and signal.getsignal(signal.SIGTERM) is before


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
def test_signal_while_the_command_line_is_read_is_no_traceback(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "build_parser", lambda _wanted: signal.raise_signal(number))
    assert main.main(["verify"]) == 130
    assert capsys.readouterr() == ("", "")
