"""The change gate on screen: what was gained and lost as pictures, the decision, and models that saw no gate."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from db.datasets import gates
from db.models.registry import ModelVersion, activate, activations, active, find, register
from db.products.acts import make_product
from db.products.shelf import find as find_product
from engine.domain.inspection import Outcome
from engine.packages.manifest import LimitSpec
from engine.packages.package import write_package
from gui.pages.models.page import ModelsPage
from gui.pages.models.teach.gate.flip_dialog import FlipDialog
from gui.pages.models.teach.view import GATE
from gui.users.why_dialog import WhyDialog
from tests.gui.conftest import Open
from tests.gui.standins import press as key_press
from tests.gui.stored import Bench, press
from tests.gui.teaching import agree, correct_one, patient, stand_in, still_active, taught
from tests.packages import tiny_graph, write_tiny_package


@pytest.fixture
def page(bench: Bench) -> ModelsPage:
    made = ModelsPage(bench.context)
    bench.show(made)
    bench.idle()
    return made


@pytest.fixture
def strict(bench: Bench, page: ModelsPage, tmp_path: Path) -> ModelVersion:
    """The same network that says NG from 0.1 on: grey 40 (0.157) is OK for the active one and NG for this."""
    manifest = write_tiny_package(tmp_path / "plain", name="strict", defect="scratch").manifest
    limits = LimitSpec(ng_at=0.1, review_from=0.1, review_to=0.1)
    package = write_package(
        tmp_path / "strict", manifest.model_copy(update={"thresholds": limits}), {"model.onnx": tiny_graph()}
    )
    model = register(bench.db, package.folder, "anna")
    page.activated()
    bench.idle()
    press(page, "Left")
    assert page.current == model
    return model


def known_parts(folder: Path) -> Path:
    """Two sound parts and a scratch: all of them grey 40, one darker."""
    for name, level in (("ok/1", 40), ("ok/2", 10), ("scratch/1", 40)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{name}.png"), np.full((48, 64), level, np.uint8))
    return folder


def test_gate_shows_gains_losses_and_their_pictures(
    bench: Bench, page: ModelsPage, strict: ModelVersion, tmp_path: Path
) -> None:
    page.teaching.gate.use_challenge(str(known_parts(tmp_path / "known")))
    correct_one(bench)
    press(page, "G")
    assert page.teaching.view.step == GATE
    assert page.held()
    taught(bench, page)
    result = page.teaching.gate.result
    assert result is not None
    assert [(s.name, s.count, s.gained, s.lost) for s in result.sets] == [
        ("challenge", 3, 1, 1),
        ("overrides", 1, 1, 0),
    ]
    panel = page.teaching.gate.panel
    assert "right on 2 part" in panel.headline.text()
    assert not panel.alarm.isVisible()
    assert [(str(t.flip.change), t.flip.part.label) for t in panel.flips.tiles] == [
        ("lost", "ok"),
        ("gained", "scratch"),
        ("gained", "scratch"),
    ]
    bench.qtbot.mouseClick(panel.flips.tiles[0], Qt.MouseButton.LeftButton)
    dialog = panel.findChild(FlipDialog)
    assert dialog is not None
    patient(bench, lambda: dialog.views[0].pixels is not None)
    assert "OK" in panel.flips.tiles[0].accessibleName()
    bench.qtbot.keyClick(dialog, Qt.Key.Key_Right)
    assert dialog.flip is not panel.flips.tiles[0].flip
    dialog.reject()
    assert still_active(bench)


def test_defect_that_is_let_through_is_said_first(bench: Bench, page: ModelsPage, strict: ModelVersion) -> None:
    bench.context.activate(strict.version, "first")
    bench.idle()
    correct_one(bench)
    press(page, "Right", "G")
    taught(bench, page)
    result = page.teaching.gate.result
    assert result is not None
    assert (result.let_through, result.lost, result.gained) == (1, 1, 0)
    assert page.teaching.gate.panel.alarm.isVisible()


def test_figures_of_one_product_put_no_model_in_force_for_another(
    bench: Bench, page: ModelsPage, strict: ModelVersion
) -> None:
    plates = bench.context.product
    strip = make_product(bench.db, "strip", "anna")
    correct_one(bench)
    press(page, "G")
    taught(bench, page)
    bench.context.take_product(strip)
    gate = page.teaching.gate
    assert (gate.candidate, gate.result) == (strict, None)
    gate.activate("good figures", "anna")
    bench.idle()
    assert active(bench.db, strip.id) is None
    assert still_active(bench)
    bench.context.take_product(plates)
    gate.run()
    taught(bench, page)
    gate.activate("good figures", "anna")
    bench.idle()
    now = active(bench.db, plates.id)
    assert now is not None and now.version == strict.version


def test_a_change_over_while_a_model_is_taught_makes_it_no_model_of_the_other_product(
    bench: Bench, page: ModelsPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch)
    plates = bench.context.product
    strip = make_product(bench.db, "strip", "anna")
    correct_one(bench)
    press(page, "T")
    bench.idle()
    press(page, "T")
    bench.context.take_product(strip)
    patient(bench, lambda: page.teaching.candidate is not None)
    bench.idle()
    new = page.teaching.candidate
    assert new is not None
    assert (find_product(bench.db, plates.name).models, find_product(bench.db, "strip").models) == ((new.version,), ())
    assert (page.teaching.busy, page.teaching.gate.result) == (False, None), "no gate runs for strip by itself"


def test_rejection_is_in_the_models_report(bench: Bench, page: ModelsPage, strict: ModelVersion) -> None:
    correct_one(bench, Outcome.OK)
    press(page, "G")
    taught(bench, page)
    press(page, "X")
    agree(page, "rejects sound parts")
    bench.idle()
    (kept,) = gates.gates(bench.db, strict.version)
    assert (kept.decision, kept.by, kept.against) == ("rejected", "anna", bench.model.version)
    assert kept.figures["sets"][0]["lost"] == 1
    press(page, "Backspace")
    bench.idle()
    assert find(bench.db, strict.version).state == "rejected"
    inside = page.details.widget()
    assert inside is not None
    words = " ".join(label.text() for label in inside.findChildren(QLabel))
    assert "rejects sound parts" in words
    assert "0 gained, 1 lost" in words


def test_model_that_saw_no_gate_is_sent_there_or_needs_a_reason(
    bench: Bench, page: ModelsPage, strict: ModelVersion
) -> None:
    press(page, "A")
    dialog = page.findChildren(WhyDialog)[-1]
    assert "never went through the gate" in " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert not dialog.go.isEnabled()
    dialog.other.click()
    taught(bench, page)
    assert page.teaching.candidate == strict
    assert still_active(bench)
    press(page, "Backspace", "A")
    assert page.in_flow


def test_skipped_gate_is_kept_as_skipped(bench: Bench, page: ModelsPage, strict: ModelVersion) -> None:
    press(page, "A")
    agree(page, "proved on the other line")
    bench.idle()
    now = active(bench.db)
    assert now is not None
    assert now.version == strict.version
    (kept,) = gates.gates(bench.db)
    assert (kept.decision, kept.why, kept.figures) == ("activated", "proved on the other line", {})
    press(page, "Z")
    agree(page, "no it is not")
    bench.idle()
    assert still_active(bench)


def test_cancelled_gate_decides_nothing(bench: Bench, page: ModelsPage, strict: ModelVersion) -> None:
    correct_one(bench)
    press(page, "G", "C")
    bench.idle()
    assert page.teaching.gate.result is None
    assert not page.held()
    press(page, "A", "X")
    assert not page.findChildren(WhyDialog)
    assert gates.gates(bench.db) == ()


def test_challenge_set_that_is_gone_is_told_and_the_corrections_judge(
    bench: Bench, page: ModelsPage, strict: ModelVersion, tmp_path: Path
) -> None:
    page.teaching.gate.use_challenge(str(tmp_path / "gone"))
    correct_one(bench)
    press(page, "G")
    taught(bench, page)
    result = page.teaching.gate.result
    assert result is not None
    assert [s.name for s in result.sets] == ["overrides"]
    assert "gone" in page.teaching.gate.panel.note.text()


def test_figures_against_a_model_that_is_active_no_more_are_void(
    bench: Bench, page: ModelsPage, strict: ModelVersion
) -> None:
    other = bench.register(bench.db.folder / "other", "dent")
    correct_one(bench)
    press(page, "G")
    taught(bench, page)
    bench.context.activate(other.version, "meanwhile")
    bench.idle()
    assert page.teaching.candidate == strict
    assert page.teaching.gate.result is None
    press(page, "A")
    assert not page.findChildren(WhyDialog)
    bench.context.activate(strict.version, "by somebody else")
    bench.idle()
    assert page.teaching.candidate is None


def test_gate_reject_and_roll_back_by_real_keys(opened: Open, qtbot: QtBot, tmp_path: Path) -> None:
    station = opened()
    context = station.context
    first, second = (register(context.db, write_tiny_package(tmp_path / n, name=n).folder, "anna") for n in "ab")
    activate(context.db, first.version, "anna")
    activate(context.db, second.version, "anna")
    station.window.go("models")
    page = station.window.findChild(ModelsPage)
    assert isinstance(page, ModelsPage)
    page.teaching.gate.use_challenge(str(known_parts(tmp_path / "known")))
    qtbot.waitUntil(lambda: page.current is not None and page.current.version == second.version, timeout=30_000)
    qtbot.waitUntil(lambda: context.jobs.busy == 0, timeout=30_000)
    page.view.mark(page.rows.row_of(first.version))
    key_press(station, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: page.teaching.gate.result is not None, timeout=60_000)
    key_press(station, Qt.Key.Key_X)
    decide(qtbot, page, "no better")
    qtbot.waitUntil(lambda: bool(gates.gates(context.db)), timeout=30_000)
    key_press(station, Qt.Key.Key_Z)
    decide(qtbot, page, "back to what was")
    qtbot.waitUntil(lambda: activations(context.db)[-1].rollback, timeout=30_000)
    assert gates.gates(context.db)[0].why == "no better"
    assert activations(context.db)[-1].why == "back to what was"


def decide(qtbot: QtBot, page: ModelsPage, why: str) -> None:
    """Type a reason into the dialog that comes, and press Enter."""
    qtbot.waitUntil(lambda: any(d.isVisible() for d in page.findChildren(WhyDialog)), timeout=30_000)
    dialog = next(d for d in page.findChildren(WhyDialog) if d.isVisible())
    qtbot.keyClicks(dialog.why, why)
    qtbot.keyClick(dialog.why, Qt.Key.Key_Return)
