"""Teach-in by real keys on a scripted line: collect, undo, restart, train with a real process, try, accept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from db.datasets.collection import OK, Collection
from db.inspections.table import page as inspections
from db.models.registry import activate, activations, active, list_models, register
from db.products.acts import rename
from db.runs.line import LineOrder
from db.runs.origin import JUDGED_FOR
from db.store.session import Database
from db.users.trail import entries
from engine import events
from engine.domain.inspection import Inspection, Origin, Outcome
from engine.packages.package import open_package
from engine.settings import load_settings
from engine.training import LEARN, TeachOrder
from gui.jobs.bridge import Bridge
from gui.line.line import Line
from gui.pages.teach_in.page import COLLECT, TRAIN, TRY, TeachInPage
from gui.pages.teach_in.train import prepare
from gui.pages.teach_in.trial.trial import JudgedTwice, Said, figures_of
from gui.training import process as teach_process
from gui.training.process import Trainer
from gui.users.why_dialog import WhyDialog
from gui.window.keys import Keyboard
from tests import ROOT
from tests.gui.standins import ScriptedModel, ScriptedSource
from tests.gui.stored import Bench
from tests.packages import write_tiny_package

PATIENCE = 30_000
TRAINER = """
import json, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.packages import write_tiny_package
def say(**event): print(json.dumps(event), flush=True)
say(event="started", preset="p", architecture="tiny", device="cpu", epochs=1, train=10, validation=2, test=3)
say(event="epoch", epoch=1, epochs=1, train_loss=0.5, validation_loss=0.4, best=True)
out = Path(sys.argv[sys.argv.index("--out") + 1])
made = write_tiny_package(out, name="taught", defect="dent")
say(event="finished", package=str(out), version=made.version, metrics={{"accuracy": 1.0}}, seconds=0.1)
"""
COLLECTED = {OK: 10, "dent": 3}


class Rig:
    """The page in a window of its own with the real keyboard, on a scripted line that is started by Space."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench, self.qtbot = bench, bench.qtbot
        bench.context.folder = folder
        self.source = ScriptedSource(100_000, every=0.02)
        self.bridge = Bridge(bench.context)
        options = LineOrder("scripted:", load=lambda package, _n: ScriptedModel(package), open=lambda _uri: self.source)
        self.line = Line(bench.context, self.bridge, options)
        self.bridge.drained.connect(self._tell)
        self.keyboard = Keyboard()
        self.bridge.start()
        self.page = self.make()

    def make(self) -> TeachInPage:
        """A page, as at the start and after a restart."""
        page = TeachInPage(self.bench.context, self.line)
        self.bench.show(page)
        self.qtbot.waitExposed(page)
        handle = page.windowHandle()
        assert handle is not None
        self.keyboard.watch(handle)
        self.keyboard.bind("page", page.keys())
        self.bench.idle()
        return page

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        handle = self.page.windowHandle()
        assert handle is not None
        QTest.keyClick(handle, key, modifier)

    def until(self, so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(so, timeout=PATIENCE)

    def start(self) -> None:
        """Space, and the first part on screen."""
        self.press(Qt.Key.Key_Space)
        self.until(lambda: self.page.step == COLLECT)

    def count(self, label: str) -> int:
        return self.page.room.stock.count(label)

    def next_part(self) -> None:
        """Wait for another part on screen."""
        before = self.page.collecting.view.pixels
        self.until(lambda: self.page.collecting.view.pixels is not before)

    def stock_up(self) -> None:
        """A collection that is large enough, as somebody made it before."""
        collection = Collection(self.page.room.folder / "product")
        for label, number in COLLECTED.items():
            for index in range(number):
                collection.add(label, picture(len(label) * 100 + index))
        self.page.room.open("product")
        self.until(lambda: self.page.room.stock.enough)

    def _tell(self, batch: list[events.StationEvent]) -> None:
        self.bench.context.recorded.emit([e.inspection for e in batch if isinstance(e, events.Inspected)])

    def close(self) -> None:
        assert self.line.close()
        self.bridge.stop()


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 90, (64, 80), dtype=np.uint8)


@pytest.fixture
def rig(bench: Bench, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(bench, tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trainer of our own: a real process that speaks the real protocol."""
    script = tmp_path / "trainer.py"
    script.write_text(TRAINER.format(root=str(ROOT)), encoding="utf-8")
    fake = Trainer(sys.executable, (str(script),), "here")
    monkeypatch.setattr(teach_process, "find_trainer", lambda _settings: fake)
    monkeypatch.setattr(teach_process, "own_program", lambda: fake)


# ── collecting ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["OK", "Gut", "i.O.", "good parts"])
def test_no_kind_of_defect_is_called_by_a_word_for_sound(rig: Rig, name: str) -> None:
    rig.start()
    rig.press(Qt.Key.Key_N)
    rig.until(lambda: rig.page.collecting.name.hasFocus())
    QTest.keyClicks(rig.page.collecting.name, name)
    QTest.keyClick(rig.page.collecting.name, Qt.Key.Key_Return)
    assert rig.page.busy and rig.page.collecting.name.text() == name
    assert rig.page.room.stock.classes == (OK,)


def test_parts_on_screen_go_into_their_classes_by_key_and_come_back_after_a_restart(rig: Rig) -> None:
    rig.start()
    rig.press(Qt.Key.Key_O)
    rig.until(lambda: rig.count(OK) == 1)
    rig.next_part()
    rig.press(Qt.Key.Key_N)
    rig.until(lambda: rig.page.busy)
    still = rig.page.collecting.view.pixels
    rig.until(lambda: rig.page.collecting.name.hasFocus())
    QTest.keyClicks(rig.page.collecting.name, "dent")
    QTest.keyClick(rig.page.collecting.name, Qt.Key.Key_Return)
    rig.until(lambda: rig.count("dent") == 1)
    rig.next_part()
    rig.press(Qt.Key.Key_N)
    rig.until(lambda: rig.page.busy)
    rig.press(Qt.Key.Key_1)
    rig.until(lambda: rig.count("dent") == 2)
    assert not rig.page.busy
    folder = rig.bench.context.folder / "teach-in" / "product"
    assert sorted(p.parent.name for p in folder.glob("*/*.png")) == ["dent", "dent", "ok"]
    first = cv2.imread(str(sorted((folder / "dent").iterdir())[0]), cv2.IMREAD_UNCHANGED)
    assert still is not None and np.array_equal(np.asarray(first), still)
    rig.page.close_page()
    rig.page = rig.make()
    assert rig.page.room.stock.classes == (OK, "dent")
    assert (rig.count(OK), rig.count("dent")) == (1, 2)


def test_a_line_that_is_started_here_is_a_trial_and_one_that_runs_goes_on_as_it_was(rig: Rig) -> None:
    rig.line.start()
    rig.until(lambda: rig.page.step == COLLECT)
    rig.next_part()
    assert rig.line.origin is Origin.PRODUCTION and "Trial" not in rig.page.collecting.source.text()
    with rig.qtbot.waitSignal(rig.line.finished, timeout=PATIENCE):
        rig.line.stop()
    before = len(inspections(rig.bench.db).rows)
    rig.press(Qt.Key.Key_Space)
    rig.until(lambda: len(inspections(rig.bench.db).rows) > before)
    assert "do not count as production" in rig.page.collecting.source.text()
    assert rig.line.close()
    newest = [str(row.inspection.traveller.origin) for row in inspections(rig.bench.db).rows]
    assert newest == ["trial"] * (len(newest) - before) + ["production"] * before
    rig.bench.idle()
    assert [entry.detail for entry in entries(rig.bench.db) if entry.what == JUDGED_FOR] == ["trial"]


def test_undo_takes_the_last_picture_back_and_brings_a_deleted_one_back(rig: Rig) -> None:
    rig.stock_up()
    rig.until(lambda: rig.page.collecting.strip.count() == sum(COLLECTED.values()))
    rig.page.collecting.strip.setCurrentRow(0)
    rig.press(Qt.Key.Key_Delete)
    rig.until(lambda: len(rig.page.room.stock.items) == 12)
    rig.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    rig.until(lambda: len(rig.page.room.stock.items) == 13)
    rig.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    rig.until(lambda: len(rig.page.room.stock.items) == 12)


def test_every_nth_part_is_taken_as_ok_by_itself(rig: Rig) -> None:
    rig.page.collecting.every.setValue(2)
    rig.start()
    rig.press(Qt.Key.Key_K)
    rig.until(lambda: rig.count(OK) >= 3)
    rig.press(Qt.Key.Key_K)
    rig.until(lambda: not rig.page.collecting.auto.isChecked())
    assert rig.page.room.stock.classes == (OK,)


def test_without_a_picture_a_word_says_what_to_do(rig: Rig) -> None:
    rig.press(Qt.Key.Key_O)
    rig.until(lambda: "Space starts" in rig.page.collecting.said.text())
    assert not rig.page.collecting.train.isEnabled()
    rig.press(Qt.Key.Key_T)
    rig.until(lambda: "Show good parts" in rig.page.collecting.said.text())


def test_the_part_on_screen_when_the_key_went_down_is_meant(rig: Rig) -> None:
    rig.start()
    rig.keyboard.pressed.connect(rig.page.mark_target)
    meant = rig.page.collecting.view.pixels
    rig.page.mark_target()
    rig.next_part()
    rig.page.taking.take_ok()
    rig.until(lambda: rig.count(OK) == 1)
    kept = cv2.imread(str(rig.page.room.stock.items[0].path), cv2.IMREAD_UNCHANGED)
    assert meant is not None and np.array_equal(np.asarray(kept), meant)


# ── training, trying, accepting ──────────────────────────────────────────────────────────────────────────────────
def test_train_try_beside_the_active_one_and_accept_with_a_reason(rig: Rig, trainer: None) -> None:
    rig.start()
    rig.stock_up()
    before = active(rig.bench.db)
    rig.press(Qt.Key.Key_T)
    rig.until(lambda: rig.page.step == TRY)
    view = rig.page.trying_view
    rig.until(lambda: len(view.parts) == 3 and view.live_count > 0)
    assert [p.truth for p in view.parts].count("dent") == 1
    assert all(p.now is not None for p in view.parts)
    assert active(rig.bench.db) == before
    assert len(list((rig.bench.db.folder / "datasets").glob("*/test/ok/*.png"))) == 2
    rig.press(Qt.Key.Key_A)
    rig.until(lambda: bool(rig.page.findChildren(WhyDialog)))
    dialog = rig.page.findChildren(WhyDialog)[-1]
    assert "anna" in " ".join(label.text() for label in dialog.findChildren(type(rig.page.collecting.said)))
    dialog.why.setText("first model of this product")
    with rig.bench.qtbot.waitSignal(rig.bench.context.productChanged, timeout=PATIENCE):
        dialog.go.click()
    made = rig.bench.context.product
    assert (made.name, made.collection) == ("product", "product")
    assert made.recipe == rig.bench.context.folder / "recipes" / "product.toml"
    accepted = activations(rig.bench.db, made.id)[-1]
    assert (accepted.why, accepted.by) == ("first model of this product", "anna")
    assert active(rig.bench.db) == before, "the product inspected until now keeps its model"
    rig.until(lambda: rig.page.step == COLLECT)
    told: list[Inspection] = []
    rig.bench.context.recorded.connect(told.extend)
    rig.until(lambda: any(i.model.version == accepted.version for i in told))
    assert {i.traveller.product for i in told if i.model.version == accepted.version} == {"product"}
    rig.bench.idle()


def test_nothing_is_accepted_before_it_was_tried(rig: Rig, trainer: None) -> None:
    rig.start()
    rig.stock_up()
    rig.press(Qt.Key.Key_T)
    view = rig.page.trying_view
    rig.until(lambda: rig.page.step == TRY and len(view.parts) == 3)
    assert view.accept.isEnabled()
    rig.page.trying.run(rig.page.room.stock.held_back())
    assert not view.accept.isEnabled()
    # A key comes a moment later, when all may be judged.
    rig.page.ask_accept()
    assert not rig.page.findChildren(WhyDialog)
    assert "before it was tried" in rig.bench.said()
    rig.until(lambda: len(view.parts) == 3)
    assert view.accept.isEnabled()
    assert "Judged by 3 parts: that says little" in view.few.text()


def test_a_candidate_waits_over_a_restart_and_collecting_goes_on(rig: Rig, trainer: None) -> None:
    rig.stock_up()
    rig.press(Qt.Key.Key_T)
    rig.until(lambda: rig.page.step == TRY)
    rig.page.close_page()
    rig.page = rig.make()
    rig.until(lambda: rig.page.step == TRY and len(rig.page.trying_view.parts) == 3)
    rig.press(Qt.Key.Key_G)
    rig.until(lambda: rig.page.at == 0)
    assert [m.state for m in list_models(rig.bench.db)].count("candidate") == 1


def test_station_without_a_trainer_learns_by_itself(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teach_process, "find_trainer", lambda _settings: None)
    rig.stock_up()
    rig.press(Qt.Key.Key_T)
    rig.until(lambda: rig.page.step == TRY)
    made = next(m for m in list_models(rig.bench.db) if m.state == "candidate")
    manifest = open_package(made.folder).manifest
    assert manifest.lineage.preset == LEARN
    assert set(manifest.class_names) == {OK, "dent"}
    # What is held back is not taught.
    assert manifest.metrics["count"] == sum(COLLECTED.values()) - len(rig.page.room.stock.held_back())


def test_station_without_a_trainer_says_what_to_run_to_go_on_from_a_trained_network(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teach_process, "find_trainer", lambda _settings: None)
    monkeypatch.setattr("gui.pages.teach_in.train.prepare", lambda *_: finetuned(rig.bench.db))
    rig.stock_up()
    rig.press(Qt.Key.Key_T)
    rig.until(lambda: rig.page.step == TRAIN and "lineside train" in rig.page.training_view.status.text())
    rig.until(lambda: not rig.page.training.busy)


def finetuned(db: Database) -> TeachOrder:
    return TeachOrder(db.folder / "set", db.folder / "parent", db.folder / "out", db.folder)


# ── what is trained, and what it showed ──────────────────────────────────────────────────────────────────────────
def test_known_defects_go_on_from_the_active_model_and_new_ones_start_from_scratch(bench: Bench) -> None:
    collection = Collection(bench.db.folder / "p")
    stock = collection.add("scratch", picture(1))
    mine = bench.context.product.name
    deep = write_tiny_package(bench.db.folder / "deep", defect="scratch", weights=b"some")
    activate(bench.db, register(bench.db, deep.folder, "anna").version, "anna")
    on = prepare(bench.db, mine, stock)
    assert on.arguments[0] == "train"
    assert "--from" in on.arguments
    assert "--from" not in prepare(bench.db, "another", stock).arguments, "another product's model is not taught on"
    rename(bench.db, mine, "tin", "anna")
    fresh = prepare(bench.db, "tin", collection.add("dent", picture(2)))
    assert fresh.arguments[0] == "learn"
    assert "--from" not in fresh.arguments


def test_a_model_without_weights_to_go_on_from_is_learnt_anew(bench: Bench) -> None:
    stock = Collection(bench.db.folder / "p").add("scratch", picture(1))
    assert prepare(bench.db, bench.context.product.name, stock).arguments[0] == "learn"


def test_figures_count_escapes_and_false_rejects_with_intervals() -> None:
    def part(truth: str, outcome: Outcome) -> JudgedTwice:
        return JudgedTwice(truth, None, Said(outcome), picture(0))

    parts = [part(OK, Outcome.OK), part(OK, Outcome.NG), part("dent", Outcome.OK), part("dent", Outcome.REVIEW)]
    parts += [part("dent", Outcome.NO_VERDICT), part(OK, Outcome.NO_VERDICT)]
    figures = figures_of(parts, new=True)
    assert (figures.escapes.count, figures.escapes.of) == (1, 3)
    assert (figures.overkill.count, figures.overkill.of) == (1, 3)
    assert (figures.review.count, figures.review.of) == (1, 6)
    assert (figures.no_verdict.count, figures.no_verdict.of) == (2, 6)
    assert figures.escapes.interval[0] < 0.5 < figures.escapes.interval[1]
    assert figures_of(parts, new=False).escapes.of == 0


def test_what_is_collected_is_remembered_in_the_settings(rig: Rig, tmp_path: Path) -> None:
    rig.stock_up()
    rig.until(lambda: load_settings(tmp_path / "home").memory.get("teach-in", {}).get("classes") == [OK, "dent"])
