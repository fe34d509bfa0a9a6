"""Models: the registry's list, activating with a reason, rolling back, importing; teaching by a real process."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from db import audit
from db.overrides import add_override
from db.registry import activations, active
from engine.domain import Outcome, Override, new_id, utc_now
from engine.training import DATASET_FILE, TrainingEvent, TrainingFailed
from gui.pages import teach, teach_process
from gui.pages.models import ModelsPage
from gui.pages.models_why import WhyDialog
from gui.pages.teach_process import TeachOrder, TeachProcess
from tests.gui.stored import Bench, press
from tests.packages import write_tiny_package

TRAINER = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.packages import write_tiny_package
def say(**event): print(json.dumps(event), flush=True)
say(event="started", preset="finetune", architecture="tiny", device="cpu", epochs=2, train=1, validation=1, test=0)
print("a library talks")
for epoch in (1, 2):
    say(event="progress", stage="training", done=epoch, total=2)
    say(event="epoch", epoch=epoch, epochs=2, train_loss=1 / epoch, validation_loss=1 / epoch, best=True)
{middle}
out = Path(sys.argv[sys.argv.index("--out") + 1])
made = write_tiny_package(out, name="taught", defect="scratch")
say(event="finished", package=str(out), version=made.version, metrics={{"accuracy": 1.0}}, seconds=0.1)
"""


@pytest.fixture
def page(bench: Bench) -> ModelsPage:
    made = ModelsPage(bench.context)
    bench.show(made)
    bench.idle()
    return made


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trainer of our own: a real process that speaks the real protocol."""
    script = tmp_path / "trainer.py"
    root = str(Path(__file__).parents[2])
    script.write_text(TRAINER.format(root=root, middle=""), encoding="utf-8")
    true = teach_process.command
    monkeypatch.setattr(teach_process, "command", lambda order: (true(order)[0], [str(script), *order.arguments]))
    monkeypatch.setattr(teach, "trainer_here", lambda: True)
    return script


def agree(page: ModelsPage, why: str) -> None:
    """Type a reason and press the dialog's button."""
    dialog = page.findChildren(WhyDialog)[-1]
    dialog.why.setText(why)
    dialog.go.click()


def still_active(bench: Bench) -> bool:
    """The model of the start judges."""
    now = active(bench.db)
    return now is not None and now.version == bench.model.version


def correct_one(bench: Bench) -> None:
    part = bench.parts(Outcome.NG)[0]
    at = utc_now()
    add_override(bench.db, Override(new_id(at), part.id, at, "anna", Outcome.NG, "scratch"))


def test_versions_are_listed_with_their_state(bench: Bench, page: ModelsPage) -> None:
    bench.register(bench.db.folder / "other", "dent")
    page.activated()
    bench.idle()
    assert [m.state for m in page.rows.models] == ["candidate", "active"]
    assert page.current is not None
    assert page.current.state == "active"
    assert page.details.widget() is not None


def test_activating_asks_why_and_keeps_the_reason(bench: Bench, page: ModelsPage) -> None:
    other = bench.register(bench.db.folder / "other", "dent")
    page.activated()
    bench.idle()
    press(page, "Left", "A")
    with bench.qtbot.waitSignal(bench.context.modelActivated) as told:
        agree(page, "fewer escapes")
    bench.idle()
    assert told.args == [other.version]
    assert activations(bench.db)[-1].why == "fewer escapes"


def test_roll_back_returns_to_the_model_before(bench: Bench, page: ModelsPage) -> None:
    other = bench.register(bench.db.folder / "other", "dent")
    bench.context.activate(other.version, "try it")
    bench.idle()
    press(page, "Z")
    agree(page, "too many rejects")
    bench.idle()
    now = active(bench.db)
    assert now is not None
    assert now.version == bench.model.version


def test_imported_package_is_a_candidate_and_marked(bench: Bench, page: ModelsPage, tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "new", defect="dent")
    zipped = shutil.make_archive(str(tmp_path / "new"), "zip", package.folder)
    page.import_package(Path(zipped))
    bench.idle()
    assert page.current is not None
    assert (page.current.version, page.current.state) == (package.version, "candidate")


def test_damaged_package_is_refused_with_a_remedy(bench: Bench, page: ModelsPage, tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "bad", defect="dent")
    (package.folder / "model.onnx").write_bytes(b"rot")
    page.import_package(package.folder)
    bench.idle()
    assert "damaged" in bench.said()
    assert len(page.rows.models) == 1


def test_waiting_corrections_are_on_the_button(bench: Bench, page: ModelsPage) -> None:
    correct_one(bench)
    page.activated()
    bench.idle()
    assert page.teach_button.text() == "1 correction waits: teach the model"


def test_teaching_ends_with_a_candidate_beside_the_old_figures(bench: Bench, page: ModelsPage, trainer: Path) -> None:
    correct_one(bench)
    press(page, "T")
    bench.qtbot.waitUntil(lambda: page.teaching.candidate is not None, timeout=30_000)
    bench.idle()
    assert len(page.teaching.view.curve.epochs) == 2
    assert page.teaching.view.activate.isVisible()
    assert still_active(bench)
    press(page, "A")
    agree(page, "knows dents now")
    bench.idle()
    now = active(bench.db)
    assert now is not None
    assert now.name == "taught"
    datasets = list((bench.db.folder / "datasets").iterdir())
    assert (datasets[0] / DATASET_FILE).exists()


def test_rejecting_needs_a_reason_and_keeps_it(bench: Bench, page: ModelsPage, trainer: Path) -> None:
    correct_one(bench)
    press(page, "T")
    bench.qtbot.waitUntil(lambda: page.teaching.candidate is not None, timeout=30_000)
    press(page, "X")
    dialog = page.findChildren(WhyDialog)[-1]
    assert not dialog.go.isEnabled()
    agree(page, "worse on creases")
    bench.idle()
    assert any(e.what == "model rejected" and "worse on creases" in e.detail for e in audit.entries(bench.db))
    assert still_active(bench)


def test_trainer_that_dies_is_told_and_changes_nothing(bench: Bench, page: ModelsPage, trainer: Path) -> None:
    trainer.write_text("import sys; print('no space left', file=sys.stderr); sys.exit(3)", encoding="utf-8")
    correct_one(bench)
    press(page, "T")
    bench.qtbot.waitUntil(lambda: "no space left" in bench.said(), timeout=30_000)
    bench.idle()
    assert not page.teaching.busy
    assert page.teaching.view.again.isVisible()
    assert still_active(bench)


def test_training_can_be_cancelled(bench: Bench, page: ModelsPage, trainer: Path) -> None:
    root = str(Path(__file__).parents[2])
    trainer.write_text(TRAINER.format(root=root, middle="time.sleep(60)"), encoding="utf-8")
    correct_one(bench)
    press(page, "T")
    bench.qtbot.waitUntil(lambda: len(page.teaching.view.curve.epochs) == 2, timeout=30_000)
    press(page, "C")
    bench.qtbot.waitUntil(lambda: not page.teaching.busy, timeout=30_000)
    assert "did not finish" in page.teaching.view.status.text()


def test_station_without_a_trainer_says_what_to_run(
    bench: Bench, page: ModelsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teach, "trainer_here", lambda: False)
    correct_one(bench)
    press(page, "T")
    bench.idle()
    said = page.teaching.view.status.text()
    assert 'pip install "lineside[train]"' in said
    assert "lineside train" in said


def test_nothing_to_teach_is_told(bench: Bench, page: ModelsPage) -> None:
    press(page, "T")
    bench.idle()
    assert "no confirmed parts" in page.teaching.view.status.text()


def test_program_that_is_not_there_gives_one_sentence(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teach_process, "command", lambda _: (str(tmp_path / "none"), []))
    process = TeachProcess(TeachOrder(tmp_path, tmp_path, tmp_path, tmp_path))
    told: list[TrainingEvent] = []
    process.said.connect(told.append)
    with qtbot.waitSignal(process.ended):
        process.start()
    assert isinstance(told[0], TrainingFailed)
