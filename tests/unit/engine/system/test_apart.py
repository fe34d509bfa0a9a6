"""Work apart: results, errors and log records come back; a process that dies or hangs is an error, not the end."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

import pytest

from engine.errors import PackageError, UsageError
from engine.importing.into_package import try_package
from engine.system.apart import apart
from tests.packages import write_tiny_package

pytestmark = pytest.mark.slow


def double(number: int) -> int:
    logging.getLogger("far").warning("doubling %d", number)
    return 2 * number


def refuse() -> None:
    raise UsageError("Not so.", "But so.")


def mistaken() -> None:
    raise KeyError("lost")


def die() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hang() -> None:
    time.sleep(60)


def test_result_and_log_records_come_back(caplog: pytest.LogCaptureFixture) -> None:
    assert apart(double, 21) == 42
    assert ("far", logging.WARNING, "doubling 21") in caplog.record_tuples


def test_errors_keep_their_kind_message_and_remedy() -> None:
    with pytest.raises(UsageError) as said:
        apart(refuse)
    assert (said.value.message, said.value.remedy) == ("Not so.", "But so.")
    with pytest.raises(RuntimeError, match="KeyError"):
        apart(mistaken)


def test_a_crash_is_one_sentence() -> None:
    with pytest.raises(PackageError, match="crashed on the model"):
        apart(die)


def test_a_hang_is_ended_by_the_limit_or_by_cancelling() -> None:
    begun = time.monotonic()
    with pytest.raises(PackageError, match="too long"):
        apart(hang, limit=0.5)
    with pytest.raises(PackageError, match="cancelled"):
        apart(hang, cancelled=lambda: True)
    assert time.monotonic() - begun < 100, "the two hang for a minute each"


def test_a_package_is_tried_apart(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    apart(try_package, package.folder)
    (package.folder / "model.onnx").write_bytes(b"rot")
    with pytest.raises(PackageError, match="damaged"):
        apart(try_package, package.folder)


def interrupted() -> bool:
    os.kill(os.getpid(), signal.SIGINT)
    return True


def test_ctrl_c_of_the_terminal_is_for_the_process_that_asked() -> None:
    assert apart(interrupted)
