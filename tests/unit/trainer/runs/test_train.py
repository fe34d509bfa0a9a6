"""A whole training on the demo line, small: package, events, resume, fine-tuning, errors."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import InputError, UsageError
from engine.packages.package import open_package
from engine.recipes.file import default_recipe as recipe_of
from engine.system.places import home
from engine.training import TrainingEvent, TrainingFinished, TrainingInterrupted, TrainingNote, parse_event

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("lightning_fabric", reason="needs the train extra")

from trainer.arguments import add_train_arguments
from trainer.evaluation.evaluate import evaluate, judge
from trainer.formats.detect import open_dataset
from trainer.runs.train import TrainRequest, request_of, run_train, train
from trainer.runtime.interrupt import Interrupted, StopRequest
from trainer.runtime.progress import JsonLines, ProgressBar

pytestmark = pytest.mark.slow

PARTS = "demo:?seed=3&count=24&defect_rate=0.5&kinds=scratch,pit"
SMALL = ["height=64", "width=80", "epochs=2", "batch=4", "samples_per_epoch=8", "threads=1"]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def request(out: Path, preset: str = "demo-segdec", **changes: object) -> TrainRequest:
    values = {"dataset": PARTS, "preset": preset, "out": str(out), "settings": SMALL, **changes}
    return TrainRequest.model_validate(values)


def quiet(event: TrainingEvent) -> None:
    """Nobody listens."""


@pytest.mark.parametrize(("preset", "kind"), [("demo-segdec", "mask"), ("demo-classifier", "cam")])
def test_training_writes_a_package_that_judges(tmp_path: Path, preset: str, kind: str) -> None:
    events: list[TrainingEvent] = []
    train(request(tmp_path / "pkg", preset), tmp_path / "run", events.append, StopRequest())
    package = open_package(tmp_path / "pkg")
    manifest = package.manifest
    assert manifest.class_names == ("ok", "pit", "scratch") and manifest.ok_classes == ("ok",)
    assert manifest.map.kind == kind and package.weights is not None
    assert {"accuracy", "macro_f1", "ap", "auroc", "per_class", "confusion", "threshold"} <= set(manifest.metrics)
    assert manifest.lineage.dataset == PARTS and manifest.lineage.dataset_sha256 and manifest.lineage.versions["torch"]
    assert str(tmp_path) not in manifest.model_dump_json()
    assert manifest.guard is not None and manifest.guard.novelty_max == 1.0 and package.novelty is not None
    assert set(manifest.calibration["ece"]) == {"defect", "top"} and manifest.calibration["pictures"] == 3
    assert manifest.int8 is not None and "too few" in manifest.int8.reason and package.int8_graph is None
    assert any(isinstance(e, TrainingNote) and "No INT8 graph" in e.text for e in events)
    assert isinstance(events[-1], TrainingFinished)
    assert [type(e).__name__ for e in events].count("EpochDone") == 2
    lines: list[str] = []
    dataset = open_dataset("demo:?seed=8&count=6&defect_rate=0.5")
    figures = evaluate(package, dataset, line=lines.append)
    assert figures["count"] == 6 and len(lines) == 6
    assert {"path", "verdict", "label", "score", "scores", "regions", "truth"} <= set(json.loads(lines[0]))


def test_evaluation_of_the_held_out_part_gives_the_figures_in_the_package(tmp_path: Path) -> None:
    package = train(request(tmp_path / "pkg"), tmp_path / "run", quiet, StopRequest())
    figures = evaluate(package, open_dataset(PARTS), part="test", precision="f32")
    for key in ("accuracy", "macro_f1", "ap", "confusion", "threshold"):
        assert figures[key] == package.manifest.metrics[key]
    with pytest.raises(UsageError, match="was not trained on"):
        evaluate(package, open_dataset("demo:?seed=9&count=6"), part="test")


def test_interrupted_run_resumes_to_the_same_model(tmp_path: Path) -> None:
    whole = train(request(tmp_path / "whole"), tmp_path / "run-a", quiet, StopRequest())
    stop, seen = StopRequest(), []

    def stop_in_second_epoch(event: TrainingEvent) -> None:
        seen.append(event.event)
        if event.event == "progress" and "epoch" in seen:
            stop.ask()

    with pytest.raises(Interrupted):
        train(request(tmp_path / "resumed"), tmp_path / "run-b", stop_in_second_epoch, stop)
    assert not (tmp_path / "resumed").exists()
    other = request(tmp_path / "resumed", dataset=PARTS.replace("seed=3", "seed=4"))
    with pytest.raises(InputError, match="not the one the run began with"):
        train(other, tmp_path / "run-b", quiet, StopRequest())
    resumed = train(request(tmp_path / "resumed"), tmp_path / "run-b", quiet, StopRequest())
    assert whole.manifest.files["weights.safetensors"] == resumed.manifest.files["weights.safetensors"]


def test_fine_tuning_adds_a_kind_and_replays_the_parent(tmp_path: Path) -> None:
    parent = train(request(tmp_path / "parent"), tmp_path / "run-a", quiet, StopRequest())
    events: list[TrainingEvent] = []
    new = request(
        tmp_path / "child",
        "finetune",
        dataset="demo:?seed=4&count=10&kinds=crease&defect_rate=0.5",
        parent=str(tmp_path / "parent"),
        settings=["epochs=1", "batch=4", "samples_per_epoch=8", "replay=10", "threads=1"],
    )
    child = train(new, tmp_path / "run-b", events.append, StopRequest()).manifest
    assert child.class_names == ("ok", "pit", "scratch", "crease")
    assert child.architecture == "segdec-fast" and child.input == parent.manifest.input
    limits, old = child.thresholds, parent.manifest.thresholds
    assert limits.review_to == pytest.approx(min(1.0, limits.ng_at + old.review_to - old.ng_at), abs=1e-5)
    assert child.lineage.parent == parent.version
    assert (child.lineage.model_extra or {})["ancestors"][0]["dataset"] == PARTS
    notes = " ".join(e.text for e in events if isinstance(e, TrainingNote))
    assert "New to the model: crease" in notes and "10 pictures of the parent's data are replayed" in notes


def test_fine_tuning_says_when_the_parents_data_are_gone(tmp_path: Path) -> None:
    folder = home() / "datasets" / "first"
    for n in range(16):
        path = folder / ("good" if n % 2 else "bad") / f"{n}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(n).integers(0, 200 + 50 * (n % 2), (64, 80), dtype=np.uint8)
        path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    train(request(tmp_path / "parent", dataset=str(folder)), tmp_path / "run-a", quiet, StopRequest())
    assert open_package(tmp_path / "parent").manifest.lineage.dataset_path == "datasets/first"
    folder.rename(home() / "datasets" / "elsewhere")
    events: list[TrainingEvent] = []
    again = request(
        tmp_path / "child",
        "finetune",
        dataset=str(home() / "datasets" / "elsewhere"),
        parent=str(tmp_path / "parent"),
        settings=["epochs=1", "batch=4", "threads=1"],
    )
    train(again, tmp_path / "run-b", events.append, StopRequest())
    assert any(isinstance(e, TrainingNote) and "nothing of it is replayed" in e.text for e in events)


def test_unreadable_picture_gets_no_verdict_in_an_evaluation(tmp_path: Path) -> None:
    package = train(request(tmp_path / "pkg"), tmp_path / "run", quiet, StopRequest())
    for n, name in enumerate(("ok/a.png", "ok/b.png", "pit/c.png", "pit/d.png")):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", np.full((64, 80), 40 * n, np.uint8))[1].tobytes())
    (tmp_path / "set" / "ok" / "a.png").write_bytes(b"no picture")
    (tmp_path / "set" / "pit" / "d.png").write_bytes(b"none either")
    dataset = open_dataset(str(tmp_path / "set"))
    assert evaluate(package, dataset)["unreadable"] == 2
    results = list(judge(package, list(dataset.samples), recipe_of(package)))
    assert [r.sample.key for r in results] == ["ok/a.png", "ok/b.png", "pit/c.png", "pit/d.png"]
    assert [bool(r.error) for r in results] == [True, False, False, True]
    assert {str(r.verdict.outcome) for r in results if r.error} == {"NO VERDICT"}
    # The guard stops a picture of one even grey too, but that is another reason.
    assert all("contrast" in " ".join(r.verdict.reasons) for r in results if not r.error)


def test_a_folder_that_is_no_package_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(UsageError, match="no model package"):
        train(request(tmp_path / "mine"), tmp_path / "run", quiet, StopRequest())


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "junk.pth").write_bytes(b"junk")
    wrong = request(tmp_path / "pkg", "casting-fast", weights=str(tmp_path / "junk.pth"), settings=[])
    with pytest.raises(InputError, match="not a torch state dict"):
        train(wrong, tmp_path / "run", quiet, StopRequest())


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_train_arguments(parser)
    return parser.parse_args(words)


def test_missing_arguments_are_wrong_use_and_a_missing_run_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a data set"):
        request_of(arguments(PARTS))
    (tmp_path / "checkpoint.pt").touch()
    with pytest.raises(UsageError, match="--resume"):
        request_of(arguments(PARTS, "--preset", "demo-segdec", "--out", "x", "--run", str(tmp_path)))
    with pytest.raises(InputError, match="no run to resume"):
        request_of(arguments("--resume", str(tmp_path / "none")))


def test_failure_is_told_before_it_is_raised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError):
        run_train(arguments(PARTS, "--preset", "none", "--out", str(tmp_path / "pkg"), "--jsonl"))
    assert parse_event(capsys.readouterr().out.strip()).event == "failed"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_a_run_that_can_be_resumed(tmp_path: Path) -> None:
    script = (
        "import argparse, sys\n"
        "from trainer.arguments import add_train_arguments\n"
        "from trainer.runs.train import run_train\n"
        "p = argparse.ArgumentParser(); add_train_arguments(p)\n"
        "sys.exit(run_train(p.parse_args()))\n"
    )
    settings = [word for s in [*SMALL, "epochs=500"] for word in ("--set", s)]
    places = ("--run", str(tmp_path / "run"), "--out", str(tmp_path / "pkg"))
    words = [PARTS, "--preset", "demo-segdec", *settings, *places]
    with subprocess.Popen([sys.executable, "-c", script, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        timer = threading.Timer(120, process.kill)
        timer.start()
        events = []
        for line in process.stdout:
            events.append(parse_event(line))
            if events[-1].event == "epoch":
                process.send_signal(signal.SIGINT)
                break
        events += [parse_event(line) for line in process.stdout]
        assert process.wait(300) == 130
        timer.cancel()
    assert isinstance(events[-1], TrainingInterrupted) and (tmp_path / "run" / "checkpoint.pt").is_file()
    saved, run = request_of(arguments("--resume", str(tmp_path / "run")))
    assert saved.dataset == PARTS and run == tmp_path / "run"


def test_progress_bar_moves_in_one_line() -> None:
    stream = io.StringIO()
    bar = ProgressBar(stream)
    for line in ('{"event":"note","text":"hello"}', '{"event":"progress","stage":"training","done":4,"total":4}'):
        bar(parse_event(line))
    assert stream.getvalue().count("\n") == 1 and "100%" in stream.getvalue()


def test_json_lines_are_events_again() -> None:
    stream = io.StringIO()
    JsonLines(stream)(TrainingNote(text="ü"))
    assert parse_event(stream.getvalue()) == TrainingNote(text="ü")
