"""One count of a part wherever it is read: Live, Reports, PDF, Excel, CSV and JSON lines, for every kind of source."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from db.inspections.table import NewInspection, add
from db.products.acts import make_product
from engine.domain.inspection import Inspection, Origin, Outcome, as_plain, utc_now
from gui.pages.live.tally import LiveTally
from gui.pages.reports import export
from gui.pages.reports.page import ReportsPage
from tests.db import make
from tests.db.runs.kinds import KINDS, RUNS, run_line, source
from tests.gui.stored import Bench
from tests.packages import write_tiny_package

VERDICTS = (Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT)
Count = tuple[int, ...]


@pytest.fixture
def told(bench: Bench, tmp_path: Path) -> list[Inspection]:
    """Every kind of source by the line and as a scan, and a line that is being set up, all of lot L1 and just now."""
    package = write_tiny_package(tmp_path / "tiny")
    made = []
    for kind in KINDS:
        for name, run in RUNS.items():
            made += run(bench.db, package, source(kind, tmp_path / name))
    return made + run_line(bench.db, package, source("camera", tmp_path), Origin.SETUP)


def counted(page: ReportsPage, choice: str, bench: Bench) -> None:
    """Have the page count this."""
    page.bar.counted.setCurrentIndex(page.bar.counted.findData(choice))
    bench.qtbot.waitUntil(lambda: not page.counting, timeout=30_000)


def opened(bench: Bench) -> ReportsPage:
    bench.context.remember("reports", period="week", grouping="lot")
    page = ReportsPage(bench.context)
    bench.show(page)
    bench.qtbot.waitUntil(lambda: not page.counting, timeout=30_000)
    return page


def of_lines(told: list[Inspection], origin: Origin) -> Count:
    """By the JSON lines of the runs."""
    lines = [line for part in told if (line := as_plain(part))["origin"] == origin]
    found = Counter(line["verdict"] for line in lines)
    return tuple(found[str(outcome)] for outcome in VERDICTS)


def of_live(bench: Bench, origin: Origin) -> Count:
    """By the counters of a Live page that was just opened."""
    live = LiveTally(bench.context, bench.context, "L1", by_lot=True, last=0, origin=origin)
    live.begin()
    bench.idle()
    live.stop()
    counts = live.shown.counts
    return counts.ok, counts.ng, counts.review, counts.no_verdict


def of_report(page: ReportsPage) -> Count:
    assert page.figures is not None
    total = page.figures.total
    return total.ok, total.ng, total.review, total.no_verdict


def of_files(page: ReportsPage, bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Count]:
    """By the report written as each kind of file; the PDF by the page it is printed from."""
    printed: list[str] = []
    monkeypatch.setattr(export, "write_pdf", lambda html, *_: printed.append(html))
    for kind in ("pdf", "xlsx", "zip"):
        with bench.qtbot.waitSignal(page.export.over, timeout=30_000):
            page.export.write(str(folder / f"report.{kind}"), page.figures)
    cells = re.findall(r"<td[^>]*>\s*([^<]*?)\s*</td>", printed[0][printed[0].index("<h2") :])
    with zipfile.ZipFile(folder / "report.xlsx") as file:
        values = re.findall(r'<c r="[CDEF]2"[^>]*><v>(\d+)</v>', file.read("xl/worksheets/sheet2.xml").decode())
    with zipfile.ZipFile(folder / "report.zip") as file:
        row = list(csv.reader(io.StringIO(file.read("yield.csv").decode("utf-8-sig"))))[-1]
    found = {"pdf": cells[2:6], "xlsx": values, "csv": row[2:6]}
    return {kind: tuple(map(int, numbers)) for kind, numbers in found.items()}


@pytest.mark.parametrize("origin", [Origin.PRODUCTION, Origin.SCAN, Origin.SETUP, Origin.SIMULATED])
def test_live_reports_and_every_file_count_the_same_parts(
    bench: Bench, told: list[Inspection], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: Origin
) -> None:
    page = opened(bench)
    counted(page, str(origin), bench)
    wanted = of_lines(told, origin)
    assert sum(wanted) == {Origin.PRODUCTION: 9, Origin.SCAN: 9, Origin.SETUP: 3, Origin.SIMULATED: 6}[origin]
    found = {"live": of_live(bench, origin), "reports": of_report(page)}
    assert found | of_files(page, bench, tmp_path, monkeypatch) == dict.fromkeys(
        ("live", "reports", "pdf", "xlsx", "csv"), wanted
    )


def test_production_is_counted_first_and_no_part_vanishes_unsaid(bench: Bench, told: list[Inspection]) -> None:
    before = make.inspection(origin=Origin.UNKNOWN, seconds=(told[0].times.inspected_at - make.START).total_seconds())
    add(bench.db, [NewInspection(before)])
    page = opened(bench)
    assert page.bar.counted.currentData() == "production"
    assert page.figures is not None and page.figures.ask.scope.origins == {Origin.PRODUCTION}
    said = page.counted.text()
    assert said.startswith("Counted: Production. Not counted in this period: ")
    for part in ("Scan 9", "Set-up 3", "Simulated 6", "Not recorded (before 0.2) 1"):
        assert part in said
    counted(page, "production+unknown", bench)
    assert sum(of_report(page)) == 10 and "Unknown" not in page.counted.text().partition(".")[2].partition(":")[2]
    counted(page, "all", bench)
    assert sum(of_report(page)) == len(told) + 1
    assert page.counted.text() == "Counted: Everything."
    again = ReportsPage(bench.context)
    bench.show(again)
    assert again.bar.counted.currentData() == "all"


def test_a_period_without_production_says_where_its_parts_are(bench: Bench) -> None:
    part = make.inspection(origin=Origin.SCAN)
    add(bench.db, [NewInspection(part)])
    bench.context.remember("reports", period="own", first="2026-03-01", last="2026-03-01")
    page = ReportsPage(bench.context)
    bench.show(page)
    bench.qtbot.waitUntil(lambda: not page.counting, timeout=30_000)
    assert "Choose above what to count" in page._empty.text()
    assert "Scan 1" in page.counted.text()


def test_products_are_never_mixed_unsaid(bench: Bench) -> None:
    """The one inspected now is counted where no other was chosen; all together are called so."""
    first = bench.context.product
    other = make_product(bench.db, "bracket 12", "ana")
    parts = {"": 2, first.name: 3, "bracket 12": 4}
    numbers, a_minute_ago = iter(range(20)), (utc_now() - make.START).total_seconds() - 60
    for name, count in parts.items():
        made = [make.inspection(next(numbers), Outcome.OK, seconds=a_minute_ago) for _ in range(count)]
        rows = [replace(p, traveller=replace(p.traveller, product=name)) for p in made]
        add(bench.db, [NewInspection(row) for row in rows])
    page = opened(bench)
    assert page.figures is not None and page.figures.total.judged == 5
    assert page.counted.text().startswith(f"Counted: {first.name} · Production.")
    bench.context.take_product(other)
    bench.qtbot.waitUntil(lambda: not page.counting, timeout=30_000)
    assert page.figures.total.judged == 4
    assert page.counted.text().startswith("Counted: bracket 12 · Production.")
    for _ in range(page.bar.product.count()):
        QTest.keyClick(page.bar.product, Qt.Key.Key_Down)
    bench.qtbot.waitUntil(lambda: not page.counting, timeout=30_000)
    assert page.figures.total.judged == 9
    assert page.counted.text().startswith("Counted: All products together · Production.")
    again = opened(bench)
    assert again.figures is not None and again.figures.total.judged == 9


def test_a_station_of_one_product_is_asked_nothing(bench: Bench) -> None:
    page = opened(bench)
    assert page.bar.product.isHidden()
