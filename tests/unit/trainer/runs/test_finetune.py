"""Fine-tuning whole: the challenge set beside the active model in the package, a handful, and a budget of time."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from engine.errors import DatasetError
from engine.packages.package import ModelPackage, open_package
from engine.training import TrainingEvent, TrainingFinished, TrainingNote

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("lightning_fabric", reason="needs the train extra")

import torch

from trainer.formats.detect import open_dataset
from trainer.runs.train import TrainRequest, train
from trainer.runtime.interrupt import StopRequest
from trainer.training.initial import inherited_network, keep_some, normalisations

pytestmark = pytest.mark.slow

PARTS = "demo:?seed=3&count=30&defect_rate=0.5&kinds=scratch,pit"
KNOWN = "demo:?seed=8&count=12&defect_rate=0.5&kinds=scratch,crease"
QUICK = ["batch=4", "samples_per_epoch=8", "threads=1", "int8=false"]


def quiet(event: TrainingEvent) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def active(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """The model in force, which knows scratches and pits."""
    folder = tmp_path_factory.mktemp("active")
    settings = [*QUICK, "height=64", "width=80", "epochs=1"]
    request = TrainRequest(dataset=PARTS, preset="demo-segdec", out=str(folder / "pkg"), settings=settings)
    return train(request, folder / "run", quiet, StopRequest())


def pictures(uri: str, folder: Path) -> Path:
    """The parts of a demo line as class folders."""
    for sample in open_dataset(uri).samples:
        place = folder / sample.label
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{sample.key.replace('/', '-')}.png"), sample.load()[0])
    return folder


def tuned(active: ModelPackage, tmp_path: Path, dataset: str, *settings: str, **more: str) -> list[TrainingEvent]:
    """The events of a fine-tuning whose package is at tmp_path / child."""
    events: list[TrainingEvent] = []
    wanted = {"preset": "finetune", "out": str(tmp_path / "child"), "parent": str(active.folder), **more}
    request = TrainRequest.model_validate({"dataset": dataset, "settings": [*QUICK, *settings], **wanted})
    train(request, tmp_path / "run", events.append, StopRequest())
    return events


def notes(events: list[TrainingEvent]) -> str:
    return " ".join(e.text for e in events if isinstance(e, TrainingNote))


def test_the_package_holds_the_comparison_with_the_active_model(active: ModelPackage, tmp_path: Path) -> None:
    known = pictures(KNOWN, tmp_path / "known")
    corrections = pictures("demo:?seed=4&count=6&kinds=crease&defect_rate=0.5", tmp_path / "corrections")
    copied = next((known / "ok").iterdir())
    (corrections / "ok" / "copy.png").write_bytes(copied.read_bytes())
    events = tuned(
        active, tmp_path, str(corrections), "epochs=50", "replay=24", "budget_seconds=0.001", challenge=str(known)
    )
    metrics = open_package(tmp_path / "child").manifest.metrics
    assert isinstance(events[-1], TrainingFinished) and events[-1].metrics == metrics
    assert metrics["challenge"]["count"] == metrics["challenge_parent"]["count"] == 12
    before, after, turned = metrics["challenge_parent"], metrics["challenge"], metrics["flips"]
    wrong = [figures["escapes"]["count"] + figures["overkill"]["count"] for figures in (before, after)]
    assert wrong[0] - wrong[1] == turned["gained"] - turned["lost"]
    assert len(turned["parts"]) == turned["gained"] + turned["lost"]
    assert metrics["replayed"]["count"] == metrics["replayed_parent"]["count"] == metrics["count"] > 0
    assert metrics["held_parent"]["count"] == metrics["count"]
    said = notes(events)
    assert "Challenge set: escapes" in said and "Replayed pictures, held out: escapes" in said
    assert "1 pictures are left out of the training" in said and "7 corrections are too few to hold some out" in said
    assert "too few to choose a threshold" in said
    assert "Stopped after 1 of 50 epochs" in said and [e.event for e in events].count("epoch") == 1
    child = open_package(tmp_path / "child").manifest
    assert child.thresholds == active.manifest.thresholds
    assert child.class_names == ("ok", "pit", "scratch", "crease")
    assert child.calibration["temperature"] == active.manifest.calibration["temperature"]
    assert not list((tmp_path / "run").glob("*.npy"))


def test_corrections_of_one_class_alone_are_refused(active: ModelPackage, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nothing of the parent's data can be replayed"):
        tuned(active, tmp_path, "demo:?seed=4&count=3&kinds=pit&defect_rate=1", "replay=0")
    assert not (tmp_path / "child").exists()


def test_a_share_of_the_parents_weights_is_kept(active: ModelPackage) -> None:
    network = inherited_network(active, 3)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.add_(1.0)
    keep_some(network, active, 0.25, 1)
    moved = [value - before[name] for name, value in network.state_dict().items() if value.is_floating_point()]
    assert moved and all(torch.allclose(m, torch.full_like(m, 0.75), atol=1e-4) for m in moved)
    grown = inherited_network(active, 4)
    keep_some(grown, active, 0.1, 1)
    assert len(normalisations(grown)) > 5
