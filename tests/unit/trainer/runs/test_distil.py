"""Distillation: the loss, what a student takes over, and a whole one on the demo line."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from engine.errors import DatasetError, UsageError  # noqa: E402
from engine.packages.package import open_package  # noqa: E402
from engine.training import TrainingEvent, TrainingNote, parse_event  # noqa: E402
from tests.packages import HEIGHT, WIDTH, write_tiny_package  # noqa: E402
from trainer.arguments import add_distil_arguments  # noqa: E402
from trainer.config import TrainConfig  # noqa: E402
from trainer.runs.distil import request_of, run_distil  # noqa: E402
from trainer.runs.teacher import lesson_of  # noqa: E402
from trainer.runtime.interrupt import StopRequest  # noqa: E402
from trainer.training.decision_loss import decision_loss, soft_loss  # noqa: E402
from trainer.training.windows import Batch  # noqa: E402

pytestmark = pytest.mark.slow


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_distil_arguments(parser)
    return parser.parse_args(words)


def config(**values: object) -> TrainConfig:
    return TrainConfig.model_validate({"kind": "classifier", "architecture": "small_cnn", **values})


def batch(soft: torch.Tensor | None, labels: list[int]) -> Batch:
    nothing = torch.zeros(0)
    return Batch(nothing, nothing, torch.tensor(labels), nothing, None, soft)


def pictures(folder: Path, count: int = 16) -> Path:
    """Dark parts and parts with a bright spot, each another one."""
    rng = np.random.default_rng(5)
    for n in range(count):
        pixels = rng.integers(20, 60, (HEIGHT, WIDTH), np.uint8)
        if n % 2:
            pixels[20:32, 20:32] = 250
        path = folder / ("defect" if n % 2 else "ok") / f"{n}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return folder


def test_soft_loss_is_hintons_divergence_of_the_softened_scores() -> None:
    logits = torch.tensor([[0.2, -0.4, 1.1], [2.0, 0.0, -1.0]])
    taught = torch.tensor([[0.7, 0.2, 0.1], [0.05, 0.9, 0.05]])
    wanted = []
    for z, p in zip(logits.tolist(), taught.tolist(), strict=True):
        softened = [math.exp(math.log(v) / 4.0) for v in p]
        q = [v / sum(softened) for v in softened]
        raised = [math.exp(v / 4.0) for v in z]
        s = [v / sum(raised) for v in raised]
        wanted.append(sum(a * (math.log(a) - math.log(b)) for a, b in zip(q, s, strict=True)))
    found = soft_loss(config(distil_temperature=4.0), logits, taught)
    assert float(found) == pytest.approx(16.0 * sum(wanted) / 2, rel=1e-5)
    assert float(soft_loss(config(), taught.log(), taught)) == pytest.approx(0.0, abs=1e-6)


def test_one_logit_and_many_labels_learn_the_same_scores() -> None:
    taught = torch.tensor([[0.8, 0.2]])
    one = torch.tensor([[math.log(0.2 / 0.8)]])
    assert float(soft_loss(config(), one, taught)) == pytest.approx(0.0, abs=1e-6)
    both = torch.logit(torch.tensor([[0.8, 0.3]]))
    several = config(head="sigmoid")
    assert float(soft_loss(several, both, torch.tensor([[0.8, 0.3]]))) == pytest.approx(0.0, abs=1e-6)
    assert float(soft_loss(several, both, torch.tensor([[0.2, 0.3]]))) > 0.1


def test_alpha_weighs_teacher_and_labels() -> None:
    logits, taught = torch.tensor([[0.5, -0.5]]), torch.tensor([[0.1, 0.9]])
    alone = decision_loss(config(distil_alpha=1.0), logits, batch(taught, [0]))
    labels = decision_loss(config(), logits, batch(None, [0]))
    assert float(decision_loss(config(distil_alpha=0.25), logits, batch(taught, [0]))) == pytest.approx(
        0.25 * float(alone) + 0.75 * float(labels)
    )


def test_student_takes_over_the_teachers_input(tmp_path: Path) -> None:
    write_tiny_package(tmp_path / "teacher")
    given = [str(tmp_path / "teacher"), "parts", "--set", "height=32", "--out", "x"]
    request = request_of(arguments(*given, "--unlabelled"))
    assert f"width={WIDTH}" in request.settings and "channels=3" in request.settings
    assert request.settings.index(f"height={HEIGHT}") < request.settings.index("height=32")
    assert request.settings[-1] == "distil_alpha=1.0" and "distil" in request.command()
    with pytest.raises(UsageError, match="segdec is none"):
        request_of(arguments(*given, "--student", "segdec"))


def test_student_learns_a_model_without_weights_and_both_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = write_tiny_package(tmp_path / "teacher")
    settings = ["epochs=1", "batch=4", "threads=1", "validation_fraction=0.3", "test_fraction=0.3", "int8=false"]
    words = [str(tmp_path / "teacher"), str(pictures(tmp_path / "parts")), "--student", "small_cnn", "--jsonl"]
    words += ["--weights", "none"]
    words += [w for s in settings for w in ("--set", s)] + ["--run", str(tmp_path / "run")]
    assert run_distil(arguments(*words, "--out", str(tmp_path / "student"))) == 0
    manifest = open_package(tmp_path / "student").manifest
    assert manifest.architecture == "small_cnn" and (manifest.input.height, manifest.input.width) == (64, 80)
    assert manifest.class_names == ("ok", "defect") and manifest.ok_classes == ("ok",)
    assert manifest.lineage.parent == teacher.version and manifest.guard is not None
    extra = manifest.lineage.model_extra or {}
    assert extra["distilled_from"] == {"name": "tiny", "version": teacher.version, "labels": "the data set's"}
    events = [parse_event(line) for line in capsys.readouterr().out.splitlines()]
    told = [e.text for e in events if isinstance(e, TrainingNote) and "ms a picture" in e.text]
    assert len(told) == 2 and told[0].startswith("tiny") and "accuracy 1.0000" in told[0] and "(test)" in told[1]


def test_pictures_without_labels_are_labelled_by_the_teacher(tmp_path: Path) -> None:
    write_tiny_package(tmp_path / "teacher")
    folder = pictures(tmp_path / "parts")
    (folder / "broken.png").write_bytes(b"none")
    told: list[TrainingEvent] = []
    words = [str(tmp_path / "teacher"), str(folder), "--unlabelled", "--student", "small_cnn", "--out", "x"]
    request = request_of(arguments(*words))
    lesson = lesson_of(request, config(), told.append, StopRequest())
    assert {s.key.split("/")[0] for s in lesson.dataset.samples if s.label == "defect"} == {"defect"}
    assert lesson.dataset.counts() == {"ok": 8, "defect": 8}
    scores = lesson.scores_for(lesson.dataset.samples)
    assert scores.shape == (16, 2) and scores.argmax(axis=1).tolist() == [
        s.label == "defect" for s in lesson.dataset.samples
    ]
    notes = " ".join(e.text for e in told if isinstance(e, TrainingNote))
    assert "1 pictures are left out" in notes and "the teacher's own" in notes
    with pytest.raises(UsageError, match="cannot learn from tiny"):
        lesson_of(request, config(head="sigmoid"), told.append, StopRequest())


def test_class_the_teacher_does_not_know_is_refused(tmp_path: Path) -> None:
    write_tiny_package(tmp_path / "teacher", defect="dent")
    words = [str(tmp_path / "teacher"), str(pictures(tmp_path / "parts", 8)), "--weights", "none"]
    with pytest.raises(DatasetError, match="does not know the class 'defect'"):
        run_distil(arguments(*words, "--run", str(tmp_path / "run"), "--out", str(tmp_path / "student")))
