"""The report holds the counts it was given, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.domain.inspection import (
    FrameRef,
    Inspection,
    ModelRef,
    Outcome,
    RecipeRef,
    Region,
    Scores,
    Times,
    Traveller,
    Verdict,
    utc_now,
)
from engine.reports.run import WORDS, ReportEntry, Tally, csv_of, gallery_picture, html_of, write_report
from tests.frames import part


def inspection(name: str, outcome: Outcome, truth: str | None = None) -> Inspection:
    now = utc_now()
    return Inspection(
        "i", FrameRef("folder:x", 1, now, name, 128, 160, truth), Scores(("ok", "pit"), (0.1, 0.9)), (),
        Verdict(outcome, "pit", 0.9, ("pit 0.90 ≥ 0.50",)), ModelRef("m", "v"), RecipeRef("r", 1, "d"), Traveller(),
        Times(now),
    )  # fmt: skip


def test_report_holds_counts_truth_and_pictures(tmp_path: Path) -> None:
    tally = Tally()
    entries = []
    for outcome, truth in ((Outcome.NG, "pit"), (Outcome.OK, "pit"), (Outcome.OK, "ok")):
        one = inspection("<b>.png", outcome, truth)
        tally.add(one)
        entries.append(ReportEntry(one, gallery_picture(part(200), None, one) if outcome is Outcome.NG else None))
    page = write_report(tmp_path / "out", "A & B", entries, tally, {"Model": "m<1>"}, utc_now())
    text = page.read_text(encoding="utf-8")
    assert tally.row("pit") == [1, 1, 0, 0]
    assert "A &amp; B" in text
    assert "m&lt;1&gt;" in text
    assert text.count("data:image/jpeg;base64") == 1
    assert len((tmp_path / "out" / "inspections.csv").read_text(encoding="utf-8-sig").splitlines()) == 4


def test_what_was_not_judged_has_no_score_and_times_have_their_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        entries = [inspection(name, outcome) for name, outcome in (("a", Outcome.NO_VERDICT), ("b", Outcome.NG))]
        rows = list(csv.DictReader(io.StringIO(csv_of(entries).decode("utf-8-sig"), newline="")))
        made = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
        page = html_of("T", [ReportEntry(one) for one in entries], Tally(), {}, made)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [row["score"] for row in rows] == ["", "0.9"]
    assert all(row["time"][-6:] in {"+01:00", "+02:00"} for row in rows)
    assert "2026-07-01 10:30, Europe/Berlin (UTC+2)" in page


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_csv_defuses_formulas(start: str) -> None:
    one = inspection(f"{start}cmd()", Outcome.NG, f"{start}truth")
    rows = list(csv.DictReader(io.StringIO(csv_of([one]).decode("utf-8-sig"), newline="")))
    assert rows[0]["path"] == f"'{start}cmd()"
    assert rows[0]["truth"] == f"'{start}truth"
    assert rows[0]["verdict"] == "NG"


def test_report_speaks_the_words_it_is_given() -> None:
    words = {**WORDS, "language": "de", "inspected": "geprüft", "NG": "n. i. O."}
    one = inspection("a.png", Outcome.NG)
    entry = ReportEntry(one, gallery_picture(part(200), None, one), truth="pit", name="<a>.png")
    tally = Tally()
    tally.add(one)
    text = html_of("A", [entry], tally, {}, utc_now(), words)
    assert '<html lang="de">' in text
    assert "geprüft" in text
    assert text.count("n. i. O.") == 2
    assert "&lt;a&gt;.png" in text


def test_gallery_lays_the_heat_over_what_was_inspected() -> None:
    one = inspection("part.png", Outcome.NG)
    pixels, hot = np.full((200, 320), 40, np.uint8), np.ones((8, 8), np.float32)
    drawn = cv2.imdecode(np.frombuffer(gallery_picture(pixels, hot, one, (160, 0, 160, 200)), np.uint8), 1)
    left, right = drawn[:, : drawn.shape[1] // 2 - 8], drawn[:, drawn.shape[1] // 2 + 8 :]
    assert abs(float(left.mean()) - 40) < 3
    assert float(right[..., 2].mean()) > 80


def test_a_part_the_model_does_not_know_is_shown_without_map_and_contours() -> None:
    one = inspection("part.png", Outcome.REVIEW)
    strange = replace(
        one, verdict=replace(one.verdict, unknown=True), regions=(Region("pit", 0.9, (9, 9, 80, 80), 64.0),)
    )
    pixels, hot = np.full((200, 320), 40, np.uint8), np.ones((8, 8), np.float32)
    drawn = cv2.imdecode(np.frombuffer(gallery_picture(pixels, hot, strange), np.uint8), 1)
    assert np.abs(drawn.astype(int) - 40).max() < 5
