"""An ensemble in one training: members that are there stay, and the whole is judged as one model."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")

from engine.errors import InputError, UsageError
from engine.training import TrainingEvent
from trainer.config import load_config
from trainer.evaluation.evaluate import evaluate
from trainer.formats.detect import open_dataset
from trainer.runs.request import TrainRequest
from trainer.runs.train import train
from trainer.runtime.interrupt import Interrupted, StopRequest

pytestmark = pytest.mark.slow

PARTS = "demo:?seed=3&count=24&defect_rate=0.5&kinds=scratch,pit"
SMALL = ["height=32", "width=40", "epochs=1", "batch=8", "threads=1", "window_epochs=0", "members=small_cnn,small_cnn"]


def request(out: Path, **changes: object) -> TrainRequest:
    values = {"dataset": PARTS, "preset": "demo-classifier", "out": str(out), "settings": SMALL, **changes}
    return TrainRequest.model_validate(values)


def test_preset_names_the_five_networks() -> None:
    config = load_config("gc10-ensemble")
    assert config.members == ["efficientnet_b5", "resnet50", "inception_v3", "mobilenet_v2", "vgg19"]
    assert config.class_weights == "balanced" and config.architecture == config.members[0]


def test_members_are_trained_once_and_judged_together(tmp_path: Path) -> None:
    stop, events = StopRequest(), list[TrainingEvent]()

    def stop_at_the_second(event: TrainingEvent) -> None:
        if event.event == "note" and "2-small_cnn" in event.text:
            stop.ask()

    with pytest.raises(Interrupted):
        train(request(tmp_path / "pkg"), tmp_path / "run", stop_at_the_second, stop)
    package = train(request(tmp_path / "pkg"), tmp_path / "run", events.append, StopRequest())
    manifest = package.manifest
    assert manifest.architecture == "ensemble" and manifest.name == "pkg" and len(manifest.members) == 2
    assert manifest.lineage.dataset == PARTS and manifest.calibration["validated"] is True
    assert manifest.guard is not None and manifest.int8 is not None and manifest.metrics["part"] == "test"
    figures = evaluate(package, open_dataset(PARTS), part="test", precision="f32")
    assert figures["confusion"] == manifest.metrics["confusion"]
    assert figures["threshold"] == manifest.metrics["threshold"]
    assert [e.event for e in events].count("started") == 1 and [e.event for e in events].count("finished") == 1
    assert any(e.event == "note" and "1-small_cnn is there already" in e.text for e in events)
    members = (manifest.lineage.model_extra or {})["members"]
    assert len({m["version"] for m in members}) == 2
    with pytest.raises(InputError, match="of another training"):
        train(request(tmp_path / "pkg", settings=[*SMALL, "epochs=2"]), tmp_path / "run", events.append, StopRequest())


def test_one_file_of_weights_cannot_start_several_networks(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="weights of their own"):
        train(request(tmp_path / "pkg", weights="some.pth"), tmp_path / "run", lambda _e: None, StopRequest())
