"""What happened is in a file of its own, bounded, and a disk that fails stops nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from engine.sources.supervisor import Supervisor
from engine.system import logbook as module
from engine.system.logbook import logbook
from tests.camera import FakeCamera


def test_the_log_tells_in_detail_and_ends_with_its_run(tmp_path: Path) -> None:
    with logbook(tmp_path) as path:
        source = Supervisor(FakeCamera("fake:7"))
        logging.getLogger("engine.sources").info("a line of detail")
        source.close()
    logging.getLogger("engine.sources").info("not any more")
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "INFO engine.sources: a line of detail" in text
    assert "not any more" not in text
    assert logging.getLogger("engine").handlers == []


def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 2000)
    with logbook(tmp_path):
        for n in range(500):
            logging.getLogger("engine").info("line %d of a long night", n)
    files = list((tmp_path / "logs").iterdir())
    assert len(files) == module.KEPT + 1
    assert sum(file.stat().st_size for file in files) <= 2000 * len(files)


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with logbook(tmp_path) as path:
        assert path is None
    assert "no log is kept" in caplog.text


def test_a_name_cannot_write_a_line_of_its_own(tmp_path: Path) -> None:
    with logbook(tmp_path) as path:
        logging.getLogger("engine").info("%s was read", "a\udcf6\x1b[2J\n2026-01-01 INFO engine: all well")
        try:
            raise ValueError("why")
        except ValueError:
            logging.getLogger("engine").exception("a bug")
    assert path is not None
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith(r"a\xf6\x1b[2J 2026-01-01 INFO engine: all well was read")
    assert lines[1].endswith("ERROR engine: a bug")
    assert lines[2:] and lines[-1] == "ValueError: why"
