"""PDFs: real pages with their text, on any thread, complete or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.errors import StorageError
from gui.jobs.jobs import Jobs
from gui.printing.pdf import write_pdf


def test_long_text_becomes_numbered_pages_on_a_job(qtbot: QtBot, tmp_path: Path) -> None:
    html = "<h1>Report</h1>" + "".join(f"<p>Line {n} of the report</p>" for n in range(200))
    jobs, done = Jobs(), []
    jobs.run(lambda: write_pdf(html, tmp_path / "report.pdf", "Report"), done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    assert jobs.shutdown()
    made = (tmp_path / "report.pdf").read_bytes()
    assert made.startswith(b"%PDF")
    assert made.count(b"/Type /Page\n") >= 4
    assert [p.name for p in tmp_path.iterdir()] == ["report.pdf"]


def test_pdf_that_cannot_be_written_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "taken.pdf").mkdir()
    with pytest.raises(StorageError, match="could not be written"):
        write_pdf("<p>x</p>", tmp_path / "taken.pdf", "x")
