"""The Camera page, through its real widgets: find, look, set, lose, save, and share the line's own camera."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QSplitter
from pytestqt.qtbot import QtBot

from db.runs.line import LineOrder
from engine import events
from engine.domain.recipe import CameraSetup
from engine.recipes.file import load_recipe
from engine.settings import load_settings
from engine.sources.base import SETTINGS, FrameSource, SourceInfo
from engine.sources.catalogue import open_source
from gui.jobs.bridge import Bridge
from gui.line.feed import harmless
from gui.line.line import Line
from gui.notify import Notice
from gui.pages.camera.form import PICTURE, TRIGGER
from gui.pages.camera.list import NOTE
from gui.pages.camera.page import CameraPage
from gui.pages.camera.presenter import once_each, save
from tests.gui.conftest import Open
from tests.gui.fake_camera import FOUND, SILENT, SILENT_REMEDY, URI, FakeCamera
from tests.gui.standins import live_page, loader, press
from tests.gui.stored import Bench
from tests.gui.stored import press as act
from tests.packages import write_tiny_package

OTHER = SourceInfo("uvc:C920", "Webcam", "uvc", "C920", True)
PATIENCE = 20_000


class Rig:
    """The page on a bench with two cameras and a line that is not started."""

    def __init__(self, bench: Bench, tmp_path: Path) -> None:
        self.bench, self.qtbot = bench, bench.qtbot
        self.cameras = {URI: FakeCamera(refuses=("offset_x",)), OTHER.uri: FakeCamera((), uri=OTHER.uri)}
        self.found: tuple[list[SourceInfo], dict[str, str]] = ([FOUND, OTHER], {})
        bench.context.folder = tmp_path / "home"
        bench.context.language.choose("en")
        self.bridge = Bridge(bench.context)
        options = LineOrder("demo:?fps=30", load=loader("ok"), open=self.open)
        self.line = Line(bench.context, self.bridge, options)
        self.page = CameraPage(bench.context, self.line, self.open, lambda: self.found)
        self.bridge.start()

    @property
    def camera(self) -> FakeCamera:
        return self.cameras[URI]

    def open(self, uri: str) -> FrameSource:
        return self.cameras.get(uri) or open_source(uri)

    def until(self, so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(so, timeout=PATIENCE)

    def show(self, uri: str = URI) -> CameraPage:
        """The page on screen, looking at this source, its settings read."""
        self.page.rules.current = uri
        self.bench.show(self.page)
        self.until(lambda: self.page.view.seen is not None)
        if uri == URI:
            self.until(lambda: "exposure_us" in self.page.side.form.editors)
        return self.page

    def type(self, name: str, text: str) -> None:
        """What somebody types into a number's field, then Enter."""
        editor = self.page.side.form.editors[name]
        assert isinstance(editor, QAbstractSpinBox)
        editor.setFocus()
        editor.selectAll()
        QTest.keyClicks(editor, text)
        QTest.keyClick(editor, Qt.Key.Key_Return)

    def run_line(self, uri: str) -> None:
        self.line.use(uri)
        self.line.start()
        self.until(lambda: self.line.state == "Running")

    def close(self) -> None:
        assert self.line.close()
        self.bridge.stop()


@pytest.fixture
def rig(bench: Bench, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(bench, tmp_path)
    yield made
    made.close()


def text_of(rig: Rig, row: int) -> tuple[str, str]:
    item = rig.page.list.rows.item(row)
    return item.text(), str(item.data(NOTE))


# ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_camera_found_is_listed_with_a_picture_of_it(rig: Rig) -> None:
    page = rig.show(URI)
    rig.until(lambda: page.list.has_picture(URI) and page.list.has_picture(OTHER.uri))
    assert page.list.uris[:2] == (URI, OTHER.uri)
    assert rig.camera.opened_most == 1
    rig.until(lambda: rig.cameras[OTHER.uri].opened_now == 0)


def test_no_camera_says_what_to_do_and_a_kind_that_cannot_be_listed_says_why(rig: Rig) -> None:
    rig.found = ([], {"genicam": "Its driver could not be loaded."})
    page = rig.show("demo:?fps=20")
    rig.until(lambda: page.list.empty.isVisible())
    assert "GENICAM_GENTL64_PATH" in page.list.empty.text() and "basler" in page.list.empty.text()
    assert page.list.trouble.text() == "GenICam: Its driver could not be loaded."
    rig.found = ([FOUND], {})
    QTest.mouseClick(page.list.find_button, Qt.MouseButton.LeftButton)
    rig.until(lambda: URI in page.list.uris)
    assert not page.list.empty.isVisible() and not page.list.trouble.isVisible()


def test_a_camera_that_two_kinds_find_is_listed_once_with_a_note(rig: Rig) -> None:
    twin = SourceInfo("genicam:77", "Camera by its producer", "genicam", "77", True)
    other = SourceInfo("genicam:78", "Another camera", "genicam", "78", True)
    mine = SourceInfo("gige:77", "Camera", "gige", "77", True)
    assert once_each([mine, twin, other]) == ([mine, other], {"gige:77": "genicam"})
    assert once_each([OTHER, OTHER]) == ([OTHER], {})
    rig.page.list.set_found([mine, twin, other], {})
    assert rig.page.list.uris[:2] == ("gige:77", "genicam:78")
    assert text_of(rig, 0) == ("Camera", "Also found as GenICam.")


def test_columns_that_somebody_moved_come_back(rig: Rig) -> None:
    page = rig.show()
    split = page.findChildren(QSplitter)[0]
    split.setSizes([320, 500, 380])
    split.splitterMoved.emit(320, 1)
    again = CameraPage(rig.bench.context, rig.line, rig.open, lambda: rig.found)
    rig.bench.show(again)
    assert again.widths == split.sizes()
    assert abs(again.findChildren(QSplitter)[0].sizes()[0] - split.sizes()[0]) <= 2
    rig.bench.context.remember("camera", columns="wide")
    assert CameraPage(rig.bench.context, rig.line, rig.open, lambda: rig.found).widths == []


def test_a_camera_that_cannot_be_opened_says_so_in_the_list(rig: Rig) -> None:
    rig.cameras[OTHER.uri].lose("Another program has it.", "Close that.")
    rig.show(URI)
    rig.until(lambda: text_of(rig, 1)[1] == "Another program has it")


def test_an_address_can_be_typed_and_a_folder_be_looked_at(rig: Rig, tmp_path: Path) -> None:
    page = rig.show(URI)
    opened: list[str] = []
    rig.cameras["rtsp://a/b"] = FakeCamera((), uri="rtsp://a/b")
    page.list.chosen.connect(opened.append)
    QTest.keyClicks(page.list.url, "rtsp://a/b")
    QTest.keyClick(page.list.url, Qt.Key.Key_Return)
    rig.until(lambda: page.view.seen is not None and page.view.seen.frame.source == "rtsp://a/b")
    assert opened == ["rtsp://a/b"] and "rtsp://a/b" in page.list.uris
    rig.until(lambda: rig.camera.opened_now == 0)
    page.choose(f"folder:{tmp_path / 'nowhere'}")
    rig.until(lambda: "nowhere" in page.view.why)


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_picture_is_measured_and_its_saturated_pixels_are_marked(rig: Rig) -> None:
    page = rig.show()
    assert page.view.values["saturated"].text() == "0 %"
    assert page.view.histogram.counts.sum() == 640 * 480
    rig.type("exposure_us", "20000")
    rig.until(lambda: page.view.values["saturated"].text() not in ("0 %", "–"))
    picture = page.view.view.grab().toImage()
    act(page, "M")
    assert page.view.view.grab().toImage() != picture
    assert float(page.view.values["brightness"].text().split()[0]) > 80
    rig.until(lambda: page.view.trend.peak > 0 and "of peak" in page.view.values["focus"].text())


def test_a_damaged_picture_is_counted(rig: Rig) -> None:
    page = rig.show()
    rig.camera.damage()
    rig.until(lambda: page.view.values["incomplete"].text() == "1")


def test_a_lost_camera_greys_the_picture_says_all_and_comes_back_by_itself(rig: Rig) -> None:
    page = rig.show()
    rig.camera.lose()
    rig.until(lambda: bool(page.view.why) and "try" in page.view.wait.lower())
    assert SILENT in page.view.why and SILENT_REMEDY in page.view.why
    assert page.view.view.greyed and not page.side.isEnabled()
    rig.camera.come_back()
    rig.until(lambda: not page.view.why)
    assert not page.view.view.greyed and page.side.isEnabled()


def test_leaving_the_page_lets_the_camera_go_and_coming_back_opens_it_once(rig: Rig) -> None:
    page = rig.show()
    page.hide()
    rig.until(lambda: rig.camera.opened_now == 0)
    rig.until(lambda: not any(t.name in ("preview", "job-stream") for t in threading.enumerate()))
    page.show()
    rig.until(lambda: rig.camera.opened_now == 1)
    assert rig.camera.opened_most == 1


def test_a_camera_that_hangs_while_it_is_opened_holds_nothing_up(rig: Rig) -> None:
    rig.camera.may_open.clear()
    rig.page.rules.current = URI
    rig.bench.show(rig.page)
    rig.until(lambda: any(t.name == "preview" for t in threading.enumerate()))
    rig.page.choose(OTHER.uri)
    rig.until(lambda: rig.page.view.seen is not None and rig.page.view.seen.frame.source == OTHER.uri)
    rig.page.choose(URI)
    rig.camera.may_open.set()
    rig.until(lambda: rig.page.view.seen is not None and rig.page.view.seen.frame.source == URI)
    assert rig.camera.opened_most == 1


def test_looking_at_a_watched_folder_moves_no_picture_of_it() -> None:
    assert harmless("watch:C:/in?move=C:/done") == "watch:C:/in"
    assert harmless("watch:/in?move=/done&pattern=*_top.png") == "watch:/in&pattern=*_top.png"
    assert harmless("Watch:/in?pattern=*.png&move=/a?b&existing=yes") == "Watch:/in?pattern=*.png&existing=yes"
    assert harmless("folder:/in?move=/done") == "folder:/in?move=/done"


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_form_has_what_the_camera_has_within_its_ranges(rig: Rig) -> None:
    page = rig.show()
    form = page.side.form
    assert "focus" not in form.editors and "exposure_us" in form.editors
    exposure, choice = form.editors["exposure_us"], form.editors["pixel_format"]
    assert isinstance(exposure, QAbstractSpinBox) and isinstance(choice, QComboBox)
    assert exposure.text() == "4,000 µs" and "1,000,000" in exposure.toolTip()
    assert [choice.itemText(i) for i in range(choice.count())] == ["Mono8", "Mono12", "BayerRG8"]
    rig.type("exposure_us", "2000000000")
    assert "2,000,000,000" not in exposure.text()


def test_a_number_is_applied_on_the_devices_own_steps_and_read_back(rig: Rig) -> None:
    page = rig.show()
    rig.type("width", "1001")
    rig.until(lambda: ("width", 1008) in rig.camera.sets)
    editor = page.side.form.editors["width"]
    assert isinstance(editor, QAbstractSpinBox)
    rig.until(lambda: editor.text() == "1,008 px")


def test_a_refused_value_is_told_in_one_sentence_and_put_back(rig: Rig) -> None:
    page = rig.show()
    rig.type("offset_x", "160")
    rig.until(lambda: bool(page.side.form.error_of("offset_x")))
    assert page.side.form.error_of("offset_x") == "The camera does not take 160 now. Stop it first."
    editor = page.side.form.editors["offset_x"]
    assert isinstance(editor, QAbstractSpinBox) and editor.text() == "0 px"
    assert not rig.bench.notices


def test_what_the_camera_governs_itself_is_shut_and_not_saved(rig: Rig) -> None:
    page = rig.show()
    switch, exposure = page.side.form.editors["auto_exposure"], page.side.form.editors["exposure_us"]
    assert isinstance(switch, QCheckBox) and "exposure_us" in page.side.values
    switch.click()
    rig.until(lambda: not exposure.isEnabled())
    assert page.side.values["auto_exposure"] is True and "exposure_us" not in page.side.values


def test_a_software_trigger_takes_one_picture_a_press(rig: Rig) -> None:
    page = rig.show()
    page.side.tabs.setCurrentIndex(1)
    mode = page.side.trigger_form.editors["trigger"]
    assert isinstance(mode, QComboBox) and not page.side.trigger_button.isEnabled()
    mode.setCurrentIndex(mode.findData("software"))
    mode.activated.emit(mode.currentIndex())
    rig.until(page.side.trigger_button.isEnabled)
    for count in (1, 2):
        act(page, "T")
        rig.until(lambda count=count: rig.camera.triggered == count)
    rig.until(lambda: page.view.seen is not None and page.view.seen.frame.sequence == rig.camera.taken)


# ── recipe and self-test ─────────────────────────────────────────────────────────────────────────────────────────
def test_settings_and_golden_picture_are_saved_as_a_new_version_of_the_recipe(rig: Rig) -> None:
    page = rig.show()
    page.side.takt.setValue(0.8)
    page.keeping.take_golden()
    act(page, "Ctrl+S")
    rig.until(lambda: bool(rig.line.options.recipe))
    path, package = Path(rig.line.options.recipe), rig.bench.context.package
    assert package is not None and str(path) in rig.bench.said()
    first = load_recipe(path, package)
    assert dict(first.camera.settings)["exposure_us"] == 4000.0 and first.camera.takt_s == 0.8
    assert first.imaging is not None and first.imaging.golden.shape == (480, 640)
    rig.type("exposure_us", "3000")
    rig.until(lambda: page.side.values["exposure_us"] == 3000.0)
    act(page, "Ctrl+S")
    rig.until(lambda: rig.bench.said().count("saved as version") == 2)
    second = load_recipe(path, package)
    assert second.version == first.version + 1 and dict(second.camera.settings)["exposure_us"] == 3000.0
    assert second.imaging is not None and second.imaging.digest == first.imaging.digest


def test_a_package_s_name_leads_out_of_no_folder(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny", name="../../etc/part 7")
    saved = save("", tmp_path / "recipes", package, CameraSetup((("exposure_us", 900.0),)), None)
    assert saved.path == tmp_path / "recipes" / "etc_part_7.toml"
    assert dict(load_recipe(saved.path, package).camera.settings) == {"exposure_us": 900.0}


def test_the_self_test_says_what_drifted_from_the_golden_picture(rig: Rig) -> None:
    page = rig.show()
    page.side.tabs.setCurrentIndex(2)
    QTest.mouseClick(page.side.golden_button, Qt.MouseButton.LeftButton)
    rig.until(lambda: page.side.selftest.text("brightness")[-1].startswith("fine"))
    rig.type("exposure_us", "2000")
    rig.until(lambda: page.side.selftest.text("brightness")[-1].startswith("REVIEW"))
    assert "darker" in page.side.selftest.words.text()


# ── the line ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_lines_own_camera_is_shown_and_set_without_opening_it_twice(rig: Rig) -> None:
    rig.run_line(URI)
    page = rig.show()
    assert page.rules.mode == "line" and rig.camera.opened_most == 1
    rig.type("gain_db", "6")
    rig.until(lambda: ("gain_db", 6.0) in rig.camera.sets)
    page.hide()
    rig.until(lambda: not any(t.name == "job-stream" for t in threading.enumerate()))
    assert rig.line.state == "Running" and rig.camera.opened_now == 1


def test_use_this_camera_restarts_the_line_on_it_and_remembers_its_serial(rig: Rig, tmp_path: Path) -> None:
    rig.run_line("demo:?fps=30")
    page = rig.show(URI)
    QTest.mouseClick(page.side.use_button, Qt.MouseButton.LeftButton)
    rig.until(lambda: rig.line.state == "Running" and rig.line.reads(URI) and page.rules.mode == "line")
    rig.until(lambda: page.view.seen is not None and page.view.seen.frame.source == URI)
    assert rig.camera.opened_most == 1 and not page.side.use_button.isEnabled()
    rig.until(lambda: load_settings(tmp_path / "home").source == URI)


def test_the_live_page_has_a_trigger_only_for_a_camera_that_waits_for_it(qtbot: QtBot, opened: Open) -> None:
    camera = FakeCamera()
    camera.set("trigger", "software")
    station = opened(open=lambda _uri: camera)
    button = live_page(station).acts.buttons["trigger"]
    assert not button.isVisible()
    seen: list[object] = []
    station.context.recorded.connect(seen.extend)
    station.line.start()
    qtbot.waitUntil(button.isVisible, timeout=PATIENCE)
    press(station, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: len(seen) == 1, timeout=PATIENCE)
    station.line.stop()
    qtbot.waitUntil(lambda: not button.isVisible(), timeout=PATIENCE)


def test_alarms_stay_until_dismissed_and_a_drifting_picture_is_on_the_live_page(qtbot: QtBot, opened: Open) -> None:
    station = opened()
    page = live_page(station)
    station.bridge.publish(events.Alarmed("A trigger got no picture in 0.8 s.", "Look at the trigger."))
    station.bridge.publish(events.ImagingChanged("review", "the picture is 24 % darker"))
    station.bridge.drain()
    assert page.drift_bar.isVisible() and "24 % darker" in page.drift_bar.text
    kinds = [n.kind for n in station.window.notices.notices]
    assert kinds == ["error", "warning"]
    station.bridge.publish(events.ImagingChanged("fine"))
    station.bridge.drain()
    assert not page.drift_bar.isVisible()
    assert station.window.notices.notices[0].message == "A trigger got no picture in 0.8 s."


def test_a_stream_s_password_is_not_stored_and_the_operator_is_told(rig: Rig) -> None:
    told: list[Notice] = []
    rig.bench.context.notice.connect(told.append)
    rig.line.use("rtsp://line:s3cret@192.0.2.7/one")
    assert rig.bench.context.settings.source == "rtsp://line:***@192.0.2.7/one"
    assert "LINESIDE_STREAM_PASSWORD" in told[-1].remedy
    assert "s3cret" not in told[-1].message


def test_every_setting_a_source_may_have_has_its_place_on_the_page() -> None:
    placed = [name for group in (*PICTURE.values(), *TRIGGER.values()) for name in group]
    assert sorted(placed) == sorted(SETTINGS)
