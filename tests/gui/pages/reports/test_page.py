"""The Reports page on a real database: what it counts, shows, remembers and writes."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt

from db.inspections import audits
from db.inspections.overrides import add_override
from db.inspections.table import NewInspection, add
from engine.domain.inspection import Outcome, Override, new_id, utc_now
from engine.reports.csv_tables import SEMICOLON
from engine.reports.quality import Column, ReportWords, Section, Table, html_of, write_csv_zip
from engine.system.zone import zone_words
from gui.pages.reports.charts.charts import ControlCharts
from gui.pages.reports.figures import period_of
from gui.pages.reports.page import ReportsPage
from gui.pages.reports.tables import table_of
from gui.pages.reports.words import VIEWS, shown
from tests.gui.stored import Bench, press

OK, NG, REVIEW, NONE = Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT
SHIFT: Sequence[Outcome] = (*(OK for _ in range(16)), NG, NG, REVIEW, NONE)


def opened(bench: Bench) -> ReportsPage:
    """The page over the last week, all counted."""
    bench.context.remember("reports", period="week")
    page = ReportsPage(bench.context)
    bench.show(page)
    settle(bench, page)
    return page


def settle(bench: Bench, page: ReportsPage) -> None:
    """Until all is counted."""
    bench.qtbot.waitUntil(lambda: not page.counting, timeout=30_000)


def cells(page: ReportsPage) -> list[list[str]]:
    """The table on screen."""
    rows = page.views[page.view].rows
    role = Qt.ItemDataRole.DisplayRole
    return [[str(rows.data(rows.index(r, c), role)) for c in range(rows.columnCount())] for r in range(rows.rowCount())]


def test_yield_is_counted_and_shown_in_chart_and_table(bench: Bench) -> None:
    bench.parts(*SHIFT)
    page = opened(bench)
    assert page.view == "yield"
    total = page.figures.total if page.figures else None
    assert total is not None
    assert (total.ok, total.ng, total.review, total.no_verdict) == (16, 2, 1, 1)
    row = cells(page)[-1]
    assert row[1:6] == ["19", "16", "2", "1", "1"]
    assert row[6] == "84.21 %"
    report = page.views["yield"]
    report.chart.mark(0)
    assert "19 judged" in report.chart.readout.text()


def test_each_key_shows_its_view_with_its_figures(bench: Bench) -> None:
    parts = bench.parts(*SHIFT)
    now = utc_now()
    add_override(bench.db, Override(new_id(now), parts[16].id, now, "anna", OK, "ok"))
    page = opened(bench)
    for number, view in enumerate(VIEWS, start=1):
        press(page, str(number))
        assert page.view == view
        assert page.tabs[view].isChecked()
        assert page.views[view].isVisible(), "a view with figures is on screen"
        assert cells(page), f"{view} has a table"
    press(page, "2")
    assert cells(page)[0][:2] == ["scratch", "1"]
    press(page, "4")
    assert cells(page) == [
        ["OK", "0", "0", "0", "–"],
        ["NG", "1", "0", "0", "0.00 %"],
        ["REVIEW", "0", "0", "0", "–"],
        ["NO VERDICT", "0", "0", "0", "–"],
    ]
    press(page, "6")
    assert sum(int(row[2]) for row in cells(page)) == 4


def test_choice_of_a_lot_counts_anew_and_comes_back_with_the_page(bench: Bench) -> None:
    bench.parts(*SHIFT)
    page = opened(bench)
    assert page.bar.lot.findData("L1") > 0
    page.bar.lot.setCurrentIndex(page.bar.lot.findData("L1"))
    page.bar.grouping.setCurrentIndex(page.bar.grouping.findData("lot"))
    settle(bench, page)
    assert page.figures is not None
    assert page.figures.ask.scope.lot == "L1"
    assert [row[0] for row in cells(page)] == ["L1"]
    page.count()
    first = page.figures
    page.count()
    assert page.figures is not first, "the count before is dropped"
    settle(bench, page)
    bench.qtbot.mouseClick(page.tabs["control"], Qt.MouseButton.LeftButton)
    again = opened(bench)
    assert again.view == "control"
    assert again.figures is not None
    assert again.figures.ask == replace(page.figures.ask, scope=again.figures.ask.scope)
    assert again.figures.ask.scope.lot == "L1"


def test_what_a_file_may_have_changed_is_not_believed(bench: Bench) -> None:
    bench.context.remember("reports", grouping=7, lot=["x"], first="soon", view="all", chart="much", folder=3)
    page = opened(bench)
    assert page.view == "yield"
    assert page.figures is not None
    assert page.figures.ask.scope.lot is None


def test_empty_period_says_what_to_do(bench: Bench) -> None:
    page = opened(bench)
    assert "Nothing was inspected" in page._empty.text()
    assert page._empty.isVisible()
    assert not page.export_button.isEnabled()
    press(page, "X")
    assert "nothing to export" in bench.said()
    press(page, "B")
    assert "No audited part waits" in bench.said()
    assert page.figures is not None
    for view in VIEWS:
        table = table_of(view, page.figures)
        assert table.columns, "headings also without rows"
        assert table.how


def test_audited_parts_are_judged_blind_in_review(bench: Bench) -> None:
    made = [bench._inspection(n, OK) for n in range(3)]
    add(bench.db, [NewInspection(part, audit_one_in=10) for part in made])
    now = utc_now()
    add_override(bench.db, Override(new_id(now), made[0].id, now, "anna", NG, "scratch"))
    page = opened(bench)
    press(page, "5")
    assert audits.waiting(bench.db) == 2
    assert page.waiting.text().startswith("2 ")
    assert cells(page)[0][1:4] == ["1", "1", "100.00 %"]
    with bench.qtbot.waitSignal(bench.context.pageAsked) as asked:
        bench.qtbot.mouseClick(page.blind_button, Qt.MouseButton.LeftButton)
    assert asked.args == ["review"]
    assert bench.context.memory("review")["audit"] is True


def test_chart_says_the_values_under_the_pointer_and_follows_the_theme(bench: Bench) -> None:
    bench.parts(*SHIFT)
    page = opened(bench)
    press(page, "3")
    chart = page.views["control"].chart
    assert isinstance(chart, ControlCharts)
    scene = chart.plots[0].vb.mapViewToScene(QPointF(0.0, 0.0))
    chart._hover(scene)
    assert "p 10.53 %" in chart.readout.text()
    before = chart.grab().toImage()
    bench.context.theme.choose("light")
    assert chart.grab().toImage() != before


def test_report_is_written_as_pdf_excel_and_csv(bench: Bench, tmp_path: Path) -> None:
    bench.parts(*SHIFT)
    page = opened(bench)
    assert page.figures is not None
    paths = {kind: tmp_path / f"report.{kind}" for kind in ("pdf", "xlsx", "zip")}
    for path in paths.values():
        with bench.qtbot.waitSignal(page.export.over, timeout=30_000):
            page.export.write(str(path), page.figures)
        assert str(path) in bench.said()
    assert bench.context.memory("reports")["folder"] == str(tmp_path)
    assert paths["pdf"].read_bytes().startswith(b"%PDF")
    assert paths["pdf"].stat().st_size > 20_000, "the charts are in it"
    with zipfile.ZipFile(paths["xlsx"]) as file:
        assert sum(name.startswith("xl/worksheets/sheet") for name in file.namelist()) == 1 + len(VIEWS)
        sheets = [file.read(f"xl/worksheets/sheet{number}.xml").decode() for number in range(1, 2 + len(VIEWS))]
    assert not [sheet for sheet in sheets if "#NUM!" in sheet or "#DIV/0!" in sheet or "<f>" in sheet]
    assert re.search(r'r="A2" s="\d+"><v>\d+', sheets[1]), "the groups' times are dates"
    with zipfile.ZipFile(paths["zip"]) as file:
        assert set(file.namelist()) == {"about.csv", *(f"{view}.csv" for view in VIEWS)}
        rows = list(csv.reader(io.StringIO(file.read("yield.csv").decode("utf-8-sig"))))
        about = dict(csv.reader(io.StringIO(file.read("about.csv").decode("utf-8-sig"))))
    assert rows[-1][1:6] == ["19", "16", "2", "1", "1"]
    assert float(rows[-1][6]) == pytest.approx(16 / 19, abs=1e-5)
    assert datetime.fromisoformat(rows[-1][0]).tzinfo is not None
    assert about["Made by"] == "anna"
    assert about["Time zone"] == zone_words(page.figures.ask.scope.since, page.figures.ask.scope.until)
    assert about["Time zone"] in page.views["yield"].how.text()
    assert "÷ judged" in about["How it is computed: Yield"]


def test_export_that_cannot_be_written_is_told(bench: Bench, tmp_path: Path) -> None:
    bench.parts(OK)
    page = opened(bench)
    (tmp_path / "file").write_text("no folder")
    with bench.qtbot.waitSignal(page.export.over, timeout=30_000):
        page.export.write(str(tmp_path / "file" / "report.zip"), page.figures)
    assert "could not be written" in bench.said()
    assert page.held() == ""


def test_files_neither_run_formulas_nor_markup(tmp_path: Path) -> None:
    table = Table("a/../b", "Lots", (Column("Lot"), Column("Share", "share")), (("=1+1", 0.5), ("<b>", None)))
    path = tmp_path / "out.zip"
    write_csv_zip(path, [table], {"By": "@x"}, ReportWords())
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ["about.csv", "a----b.csv"]
        assert "'=1+1,0.5" in file.read("a----b.csv").decode("utf-8-sig")
    write_csv_zip(path, [table], {"By": "@x"}, ReportWords(), SEMICOLON)
    with zipfile.ZipFile(path) as file:
        assert file.read("a----b.csv").decode("utf-8-sig").splitlines() == ["Lot;Share", "'=1+1;0,5", "<b>;"]
    html = html_of("T", {"By": "<i>"}, [Section(table)], ReportWords(), shown)
    assert "&lt;b&gt;" in html
    assert "<i>" not in html


def test_period_of_own_days_holds_both_whole() -> None:
    first, last = datetime(2026, 5, 4, 12).astimezone(), datetime(2026, 5, 6, 12).astimezone()
    scope = period_of("own", utc_now(), (), (last, first))
    assert scope.since == datetime(2026, 5, 4).astimezone(UTC)
    assert scope.until == datetime(2026, 5, 7).astimezone(UTC)
    now = datetime(2026, 5, 6, 12).astimezone()
    week = period_of("week", now, (), (first, last))
    assert week.since == datetime(2026, 4, 30).astimezone(UTC)
    assert period_of("yesterday", now, (), (first, last)).until == datetime(2026, 5, 6).astimezone(UTC)
    shift = period_of("shift", now, ("06:00", "14:00"), (first, last))
    assert now - shift.since == timedelta(hours=6)
