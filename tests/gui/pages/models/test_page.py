"""Models: the registry's list, activating with a reason, rolling back, importing; teaching by a real process."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from db.datasets import gates
from db.models import files as models_files
from db.models.registry import activations, active, find
from engine.domain.inspection import Outcome
from engine.packages.package import open_package
from engine.settings import StationSettings
from engine.training import DATASET_FILE, TeachOrder, TrainingEvent, TrainingFailed
from gui.pages.models.page import ModelsPage
from gui.pages.models.teach.view import PLAN
from gui.training.process import TeachProcess, Trainer, find_trainer
from gui.users.why_dialog import WhyDialog
from tests.gui.stored import Bench, press
from tests.gui.teaching import agree, correct_one, patient, stand_in, still_active, taught
from tests.packages import write_tiny_package


@pytest.fixture
def page(bench: Bench) -> ModelsPage:
    made = ModelsPage(bench.context)
    bench.show(made)
    bench.idle()
    return made


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trainer of our own: a real process that speaks the real protocol."""
    return stand_in(tmp_path, monkeypatch)


def test_versions_are_listed_with_their_state(bench: Bench, page: ModelsPage) -> None:
    bench.register(bench.db.folder / "other", "dent")
    page.activated()
    bench.idle()
    assert [m.state for m in page.rows.models] == ["candidate", "active"]
    assert page.current is not None
    assert page.current.state == "active"
    assert page.details.widget() is not None


def test_widths_are_remembered_once_moved_never_of_a_page_that_was_not_on_screen(bench: Bench) -> None:
    unseen = ModelsPage(bench.context)
    unseen.close_page()
    assert "split" not in bench.context.memory("models")
    seen = ModelsPage(bench.context)
    bench.show(seen)
    seen.view.columns.moveSplitter(500, 1)
    seen.close_page()
    assert bench.context.memory("models")["split"] == seen.view.columns.sizes()


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
    assert page.teach_button.text().startswith("1 correction")


def test_teaching_says_first_what_it_will_do_and_ends_at_the_gate(
    bench: Bench, page: ModelsPage, trainer: Path
) -> None:
    correct_one(bench)
    press(page, "T")
    bench.idle()
    plan = page.teaching.view.plan
    assert page.teaching.view.step == PLAN
    assert plan.fact("kept") == "1: 1 scratch"
    assert plan.fact("new") == "1"
    assert "lots cannot be kept apart" in plan.fact("split")
    assert not (bench.db.folder / "datasets").exists()
    press(page, "T")
    taught(bench, page)
    assert len(page.teaching.view.train.curves.epochs) == 2
    assert still_active(bench)
    press(page, "A")
    agree(page, "knows dents now")
    bench.idle()
    now = active(bench.db)
    assert now is not None
    assert now.name == "taught"
    (kept,) = gates.gates(bench.db)
    assert (kept.decision, kept.by, kept.why) == ("activated", "anna", "knows dents now")
    datasets = list((bench.db.folder / "datasets").iterdir())
    assert (datasets[0] / DATASET_FILE).exists()


def test_rejecting_needs_a_reason_and_keeps_it(bench: Bench, page: ModelsPage, trainer: Path) -> None:
    correct_one(bench)
    press(page, "T")
    bench.idle()
    press(page, "T")
    taught(bench, page)
    press(page, "X")
    dialog = page.findChildren(WhyDialog)[-1]
    assert not dialog.go.isEnabled()
    agree(page, "worse on creases")
    bench.idle()
    (kept,) = gates.gates(bench.db)
    assert (kept.decision, kept.why) == ("rejected", "worse on creases")
    assert find(bench.db, kept.candidate).state == "rejected"
    assert still_active(bench)
    press(page, "Backspace")
    bench.idle()
    assert "rejected" in {page.rows.data(page.rows.index(row, 0)) for row in range(page.rows.rowCount())}


def test_trainer_that_dies_is_told_and_changes_nothing(bench: Bench, page: ModelsPage, trainer: Path) -> None:
    trainer.write_text("import sys; print('no space left', file=sys.stderr); sys.exit(3)", encoding="utf-8")
    correct_one(bench)
    press(page, "T")
    bench.idle()
    press(page, "T")
    patient(bench, lambda: "no space left" in bench.said())
    bench.idle()
    assert not page.teaching.busy
    assert page.teaching.view.train.again.isVisible()
    assert not page.teaching.view.train.resume.isVisible()
    assert still_active(bench)


def test_cancelled_training_goes_on_from_its_checkpoint_after_a_restart(
    bench: Bench, page: ModelsPage, trainer: Path
) -> None:
    script = trainer.read_text(encoding="utf-8")
    held = "checkpoint(); open(sys.argv[0] + '.ready', 'w').close(); time.sleep(60)"
    trainer.write_text(script.replace("# middle", held), encoding="utf-8")
    correct_one(bench)
    press(page, "T")
    bench.idle()
    press(page, "T")
    patient(bench, Path(f"{trainer}.ready").exists)
    assert page.held()
    press(page, "C")
    patient(bench, lambda: not page.teaching.busy)
    assert "did not finish" in page.teaching.status
    assert page.teaching.view.train.resume.isVisible()
    trainer.write_text(script, encoding="utf-8")
    again = ModelsPage(bench.context)
    bench.show(again)
    bench.idle()
    press(again, "T")
    bench.idle()
    assert again.teaching.view.plan.resume.isVisible()
    press(again, "R")
    taught(bench, again)
    asked = Path(f"{trainer}.arguments").read_text(encoding="utf-8").split("\n")
    (run,) = (bench.db.folder / "runs").iterdir()
    assert asked[:3] == ["train", "--resume", str(run)]
    assert asked[3] == "--out"


def test_candidate_that_waits_is_still_waiting_after_a_restart(bench: Bench, page: ModelsPage, trainer: Path) -> None:
    correct_one(bench)
    press(page, "T")
    bench.idle()
    press(page, "T")
    taught(bench, page)
    waits = page.teaching.candidate
    again = ModelsPage(bench.context)
    bench.show(again)
    patient(bench, lambda: again.teaching.candidate == waits)
    assert again.teaching.gate.result is None
    press(again, "T", "G")
    patient(bench, lambda: again.teaching.gate.result is not None)


def test_station_without_a_trainer_says_how_to_get_one_and_exports(
    bench: Bench, page: ModelsPage, tmp_path: Path
) -> None:
    bench.context.settings.trainer = str(tmp_path / "nothing")
    correct_one(bench)
    press(page, "T")
    bench.idle()
    plan = page.teaching.view.plan
    assert str(tmp_path / "nothing") in plan.remedy.text()
    assert 'pip install -e ".[train]"' in plan.remedy.text()
    assert not plan.start.isEnabled()
    assert plan.bring.isVisible()
    page.teaching.export_elsewhere(str(tmp_path / "stick"))
    bench.idle()
    (carried,) = (tmp_path / "stick").iterdir()
    assert (carried / "corrections" / DATASET_FILE).exists()
    assert open_package(carried / "model.zip").version == bench.model.version
    told = (carried / "TRAIN.txt").read_text(encoding="utf-8").split("\n\n")
    assert told[0].startswith("On a computer with") and told[2].startswith("Then bring")
    assert told[1].startswith("    lineside train corrections")


def test_nothing_is_taught_before_the_plan_was_read(bench: Bench, page: ModelsPage, trainer: Path) -> None:
    correct_one(bench)
    press(page, "T")
    bench.idle()
    assert page.teaching.view.plan.start.isEnabled()
    press(page, "Backspace", "T", "T")
    assert not page.teaching.busy, "the plan on screen was of another time, or of another product"
    bench.idle()
    assert page.teaching.view.plan.start.isEnabled()
    press(page, "T")
    taught(bench, page)


def test_nothing_to_teach_is_told(bench: Bench, page: ModelsPage) -> None:
    press(page, "T")
    bench.idle()
    assert "no confirmed parts" in page.teaching.status
    assert not page.teaching.view.plan.start.isEnabled()


def test_pictures_of_which_different_things_were_said_are_held_back(bench: Bench, page: ModelsPage) -> None:
    first = correct_one(bench)
    second = correct_one(bench, Outcome.OK)
    asked: list[str] = []
    bench.context.pageAsked.connect(asked.append)
    press(page, "T")
    bench.idle()
    plan = page.teaching.view.plan
    assert plan.conflicts.isVisible()
    assert plan.fact("conflicts").startswith("1 ")
    assert not plan.start.isEnabled()
    press(page, "D")
    assert asked == ["review"]
    assert bench.context.memory("review")["wanted"] == [first, second]


def test_chosen_model_is_exported_verified_and_measured(
    bench: Bench, page: ModelsPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models_files, "cache_folder", lambda: tmp_path / "cache")
    page.acts.export(bench.model, str(tmp_path / "out.zip"))
    press(page, "V", "S")
    bench.idle()
    assert "as it was registered" in bench.said()
    assert open_package(tmp_path / "out.zip").version == bench.model.version
    assert zipfile.is_zipfile(tmp_path / "out.zip")
    assert page.rows.disk(bench.model.version).milliseconds is not None
    (bench.model.folder / "model.onnx").write_bytes(b"rot")
    press(page, "V")
    bench.idle()
    assert "damaged" in bench.said()


def test_trainer_is_found_where_the_settings_say(tmp_path: Path) -> None:
    place = shutil.which("python3") or shutil.which("python")
    assert place is not None
    found = find_trainer(StationSettings(schema_version=1, trainer=place))
    assert found is not None
    assert (found.program, found.arguments) == (place, ("-u", "-m", "main"))
    assert find_trainer(StationSettings(schema_version=1, trainer=str(tmp_path / "none"))) is None


def test_program_that_is_not_there_gives_one_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    order = TeachOrder(tmp_path, tmp_path, tmp_path, tmp_path)
    process = TeachProcess(order, Trainer(str(tmp_path / "none"), (), ""))
    told: list[TrainingEvent] = []
    process.said.connect(told.append)
    with qtbot.waitSignal(process.ended):
        process.start()
    assert isinstance(told[0], TrainingFailed)
