"""Trainings as processes of their own: two in step, stopped and resumed; one killed and resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.packages.package import open_package
from engine.training import CHECKPOINT, EpochDone, TrainingEvent, TrainingInterrupted, parse_event

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("lightning_fabric", reason="needs the train extra")

import torch

from tests import ROOT
from trainer.config import TrainConfig
from trainer.runs.train import TrainRequest, train
from trainer.runtime.interrupt import Interrupted, StopRequest
from trainer.training.processes import fabric_of

MAIN = ROOT / "main.py"
PARTS = "demo:?seed=3&count=24&defect_rate=0.5&kinds=scratch,pit"
SMALL = ["height=64", "width=80", "epochs=3", "batch=8", "samples_per_epoch=16", "threads=1", "int8=false"]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]


def train_outside(
    words: Sequence[str], settings: Sequence[str], act: Callable[[TrainingEvent, subprocess.Popen[str]], None]
) -> tuple[list[TrainingEvent], int, str]:
    """`main.py train` with every event shown to `act`; gives the events, the exit code and what it said on stderr."""
    options = [word for s in settings for word in ("--set", s)]
    command = [sys.executable, str(MAIN), "train", *words, *options, "--jsonl"]
    environment = {k: v for k, v in os.environ.items() if k not in {"LOCAL_RANK", "WORLD_SIZE", "NODE_RANK"}}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        timer = threading.Timer(200, process.kill)
        timer.start()
        events = []
        for line in process.stdout:
            events.append(parse_event(line))
            act(events[-1], process)
        said = process.stderr.read()
        code = process.wait(300)
        timer.cancel()
        timer.join()
    return events, code, said


def nothing(event: TrainingEvent, process: subprocess.Popen[str]) -> None:
    """Nobody acts."""


def losses(events: Sequence[TrainingEvent]) -> list[float]:
    return [v for e in events if isinstance(e, EpochDone) for v in (e.train_loss, e.validation_loss or 0.0)]


def train_here(run: Path, settings: Sequence[str], preset: str) -> list[TrainingEvent]:
    """The epochs of a training in this process; its package is not waited for."""
    events: list[TrainingEvent] = []
    stop = StopRequest()

    def follow(event: TrainingEvent) -> None:
        events.append(event)
        if isinstance(event, EpochDone) and event.epoch == event.epochs:
            stop.ask()

    request = TrainRequest(dataset=PARTS, preset=preset, out=str(run / "package"), settings=list(settings))
    with pytest.raises(Interrupted):
        train(request, run, follow, stop)
    return events


@pytest.mark.prove(shard="kills")
@pytest.mark.skipif(torch.cuda.is_available(), reason="counts processes on cores")
def test_two_processes_stop_together_resume_and_learn_what_one_does(tmp_path: Path) -> None:
    # Frozen normalisations, plain descent: the mean of two halves' gradients is then the whole batch's gradient.
    settings = [*SMALL, "architecture=small_cnn", "freeze=3", "optimizer=sgd", "average=0", 'precision="32"']
    settings += ["flip_horizontal=false", "flip_vertical=false", "brightness=0", "contrast=0", "window_epochs=0"]
    run, out = tmp_path / "run", tmp_path / "two"

    def stop(event: TrainingEvent, process: subprocess.Popen[str]) -> None:
        # A second signal would end it at once.
        if isinstance(event, EpochDone) and event.epoch == 1:
            process.send_signal(signal.SIGTERM)

    words = [PARTS, "--preset", "demo-classifier", "--run", str(run), "--out", str(out)]
    begun, code, said = train_outside(words, [*settings, "devices=2"], stop)
    assert code == 130 and isinstance(begun[-1], TrainingInterrupted), said
    assert not out.exists() and [e.event for e in begun].count("started") == 1
    done, code, said = train_outside(["--resume", str(run)], [], nothing)
    assert code == 0 and open_package(out).manifest.class_names == ("ok", "pit", "scratch"), said
    alone = train_here(tmp_path / "alone", settings, "demo-classifier")
    assert losses([*begun, *done]) == pytest.approx(losses(alone), rel=2e-4)
    assert "Traceback" not in said


@pytest.mark.prove(shard="kills")
def test_killed_training_resumes_to_the_weights_of_an_uninterrupted_one(tmp_path: Path) -> None:
    settings = [*SMALL, "epochs=6", "average=0.5", "schedule=none"]
    run, out = tmp_path / "run", tmp_path / "killed"

    def kill(event: TrainingEvent, process: subprocess.Popen[str]) -> None:
        if isinstance(event, EpochDone):
            process.kill()

    words = [PARTS, "--preset", "demo-segdec", "--run", str(run), "--out", str(out)]
    _, code, _ = train_outside(words, [*settings, "epochs=60"], kill)
    assert code == -signal.SIGKILL and not out.exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    resumed = train_here(run, settings, "demo-segdec")
    whole = train_here(tmp_path / "whole", settings, "demo-segdec")
    assert 0 < len(losses(resumed)) < len(losses(whole))
    states = [torch.load(p / CHECKPOINT, weights_only=True) for p in (run, tmp_path / "whole")]
    for kind in ("network", "average", "best"):
        assert all(torch.equal(v, states[1][kind][k]) for k, v in states[0][kind].items()), kind
    assert states[0]["worth"] == states[1]["worth"] and states[0]["epoch"] == 6


@pytest.mark.parametrize(
    ("settings", "several", "words"),
    [
        ({"devices": 2}, False, "lineside train alone"),
        ({"devices": 1024, "batch": 2048}, True, "more than this machine has"),
        ({"devices": 2, "batch": 1}, True, "cannot be shared"),
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="counts processes on cores")
def test_processes_that_cannot_be_are_refused(settings: dict[str, int], several: bool, words: str) -> None:
    config = TrainConfig.model_validate({"kind": "classifier", "architecture": "small_cnn", **settings})
    with pytest.raises(UsageError, match=words):
        fabric_of(config, several=several)
