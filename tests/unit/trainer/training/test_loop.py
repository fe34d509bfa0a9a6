"""The training loop by itself, on pictures made here: frozen stages, class weights, best epoch, memory, disk."""

from __future__ import annotations

import errno
import math
import os
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("lightning_fabric", reason="needs the train extra")

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from engine.domain.inspection import Mask, Pixels
from engine.errors import DatasetError, EnvironmentFailure, PictureError, StorageError, UsageError
from engine.networks.catalogue import build
from engine.networks.classifiers import Classifier
from engine.preprocessing.input_spec import InputSpec
from engine.training import CHECKPOINT, EpochDone, TrainingEvent, TrainingNote
from trainer.config import TrainConfig
from trainer.data import prepared
from trainer.data.prepared import Prepared, prepare_samples
from trainer.formats.samples.dataset import Sample
from trainer.runtime.board import Board
from trainer.runtime.interrupt import StopRequest
from trainer.runtime.memory_full import memory_full
from trainer.training.classifier import train_classifier
from trainer.training.course import Course
from trainer.training.decision_loss import balanced_weights, label_loss
from trainer.training.frozen_views import with_views
from trainer.training.job import Job
from trainer.training.optimise import optimiser_of
from trainer.training.stages import freeze, front_of, rest_of, stages_of
from trainer.training.windows import Batch

pytestmark = pytest.mark.slow

BASE = {
    "kind": "classifier",
    "architecture": "small_cnn",
    "channels": 1,
    "height": 32,
    "width": 32,
    "epochs": 2,
    "batch": 8,
    "precision": "32",
}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def job_of(run: Path, events: list[TrainingEvent], network: nn.Module | None = None, **settings: object) -> Job:
    config = TrainConfig.model_validate({**BASE, **settings})
    rng = np.random.default_rng(1)
    labels = np.arange(32, dtype=np.int64) % 2
    pictures = rng.integers(0, 120, (32, 32, 32, 1), dtype=np.uint8)
    pictures[labels == 1, 8:16, 8:16] = 250
    torch.manual_seed(5)
    network = network or build(config.architecture, 1, 2)
    return Job(
        config=config,
        network=network,
        data=Prepared(pictures, None, np.ones(32, bool), labels, 32),
        train=np.arange(24),
        validation=np.arange(24, 32),
        sound=(0,),
        fabric=Fabric(accelerator="cpu", devices=1, precision="32-true"),
        emit=events.append,
        stop=StopRequest(),
        run=run,
        frozen=freeze(network, config.freeze),
    )


def losses(events: list[TrainingEvent]) -> list[float]:
    return [v for e in events if isinstance(e, EpochDone) for v in (e.train_loss, e.validation_loss or math.nan)]


def notes(events: list[TrainingEvent]) -> str:
    return " ".join(e.text for e in events if isinstance(e, TrainingNote))


@pytest.mark.parametrize(
    ("architecture", "count"),
    [
        *(("resnet18", 5), ("mobilenet_v2", 5), ("mobilenet_v3_small", 5), ("efficientnet_b0", 5)),
        *(("convnext_tiny", 4), ("regnet_y_400mf", 5), ("shufflenet_v2_x0_5", 4), ("small_cnn", 3), ("line_cnn", 4)),
        *(("segdec", 4), ("segdec-fast", 3)),
    ],
)
def test_a_stage_begins_where_the_picture_shrinks(architecture: str, count: int) -> None:
    # RegNet computes its widths by torch; the others need no memory for this.
    with torch.device("cpu" if architecture.startswith("regnet") else "meta"):
        network = build(architecture, 3, 2)
    stages = stages_of(network)
    assert len(stages) == count and all(stages)
    with pytest.raises(UsageError, match=f"has {count} stages"):
        freeze(network, count + 1)


@pytest.mark.parametrize("architecture", ["small_cnn", "line_cnn", "shufflenet_v2_x0_5"])
def test_front_and_rest_together_are_the_network(architecture: str) -> None:
    network = build(architecture, 3, 2).eval()
    pictures = torch.rand(2, 3, 64, 64)
    for count in (1, 3):
        whole, parts = network(pictures), rest_of(network, count)(front_of(network, count)(pictures))
        assert torch.allclose(whole, parts, atol=1e-6)
    assert torch.equal(network(pictures), whole), "the network itself has changed"


def test_frozen_stages_stay_as_they_are_and_the_others_learn(tmp_path: Path) -> None:
    job = job_of(tmp_path, [], freeze=2, average=0.5)
    before = {k: v.clone() for k, v in job.network.state_dict().items()}
    train_classifier(job)
    changed = {k for k, v in job.network.state_dict().items() if not torch.equal(v, before[k])}
    frozen = {k for k in before if k.startswith(("features.0.", "features.2."))}
    assert len(frozen) == 12 and not changed & frozen
    assert {"features.4.0.weight", "features.4.1.running_mean", "head.weight"} <= changed


def test_stages_computed_once_teach_the_same(tmp_path: Path) -> None:
    plain: list[TrainingEvent] = []
    once: list[TrainingEvent] = []
    job = job_of(tmp_path / "a", plain, freeze=2)
    train_classifier(job)
    cached = with_views(job_of(tmp_path / "b", once, freeze=2, frozen_views=1), tmp_path / "b")
    train_classifier(cached)
    assert losses(once) == pytest.approx(losses(plain), rel=1e-4)
    state = cached.network.state_dict()
    assert all(torch.allclose(v, state[k], atol=1e-4) for k, v in job.network.state_dict().items())


def test_views_of_frozen_stages_differ_and_the_first_is_the_picture(tmp_path: Path) -> None:
    job = with_views(job_of(tmp_path, [], freeze=1, frozen_views=3, flip_horizontal=True, brightness=0.3), tmp_path)
    views = job.views
    assert views is not None and views.trained.shape[:2] == (24, 3)
    assert not np.array_equal(views.trained[:, 0], views.trained[:, 1])
    assert not np.array_equal(views.trained[:, 1], views.trained[:, 2])
    drawn = torch.stack([views.drawn(job.train[:1], torch.Generator().manual_seed(n)) for n in range(20)])
    assert len(torch.unique(drawn.flatten(1), dim=0)) == 3
    assert torch.equal(views.plain(job.validation[:2]), torch.from_numpy(views.judged[:2]).permute(0, 3, 1, 2))


def test_views_are_for_classifiers_that_learn_from_labels_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="frozen_views"):
        with_views(job_of(tmp_path, [], freeze=1, frozen_views=1, window_epochs=1), tmp_path)


def test_balanced_weights_are_inverse_to_how_often_a_class_occurs() -> None:
    labels = np.array([0, 0, 0, 1], np.int64)
    assert balanced_weights(labels, None, 3).tolist() == pytest.approx([4 / 9, 4 / 3, 1.0])
    held = np.array([[1, 0], [1, 1], [1, 0], [1, 1]], bool)
    assert balanced_weights(labels, held, 2).tolist() == pytest.approx([0.5, 1.0])


@pytest.mark.parametrize("head", ["softmax", "sigmoid", "binary"])
def test_class_weights_weigh_the_loss_of_every_head(head: str) -> None:
    config = TrainConfig.model_validate({**BASE, "head": head})
    labels, weights = torch.tensor([0, 0, 1]), torch.tensor([0.5, 3.0])
    logits = torch.tensor([[0.3], [-1.0], [0.8]]) if head == "binary" else torch.tensor([[0.3, 1], [2, -1], [0.1, 0.2]])
    none = torch.zeros(3)
    found = float(label_loss(config, logits, Batch(none, none, labels, none.bool()), weights))
    if head == "softmax":
        each = -torch.log_softmax(logits, 1)[torch.arange(3), labels]
        expected = (each * weights[labels]).sum() / weights[labels].sum()
    elif head == "binary":
        p = torch.sigmoid(logits[:, 0])
        expected = -(weights[labels] * torch.where(labels == 1, p, 1 - p).log()).mean()
    else:
        p, truth = torch.sigmoid(logits), nn.functional.one_hot(labels, 2)
        expected = -(weights * truth * p.log() + (1 - truth) * (1 - p).log()).mean()
    assert found == pytest.approx(float(expected), rel=1e-5)


def course_of(job: Job) -> Course:
    network, optimizer = job.fabric.setup(job.network, optimiser_of(job.config, job.network))
    return Course(job, network, optimizer)


def test_best_epoch_goes_by_the_figure_asked_for(tmp_path: Path) -> None:
    told: dict[str, list[bool]] = {}
    for select in ("loss", "macro_f1"):
        events: list[TrainingEvent] = []
        course = course_of(job_of(tmp_path / select, events, select=select, epochs=4))
        for epoch, (loss, f1) in enumerate([(0.5, 0.6), (0.7, 0.9), (0.4, 0.9), (0.1, 0.8)]):
            course.finish_epoch(epoch, 1.0, loss, {"macro_f1": f1})
        told[select] = [e.best for e in events if isinstance(e, EpochDone)]
    # Of two epochs alike by the figure the lower loss is better.
    assert told == {"loss": [True, False, True, True], "macro_f1": [True, True, True, False]}


def test_a_figure_that_is_not_defined_gives_way_to_the_loss(tmp_path: Path) -> None:
    events: list[TrainingEvent] = []
    course = course_of(job_of(tmp_path, events, select="ap"))
    for epoch, loss in enumerate((0.5, 0.7)):
        course.finish_epoch(epoch, 1.0, loss, {"accuracy": 0.5})
    assert [e.best for e in events if isinstance(e, EpochDone)] == [True, False]
    assert notes(events).count("ap is not defined") == 1


class Greedy(Classifier):
    """Has memory to learn from so many pictures at once only."""

    most = 2

    def forward(self, x: Tensor) -> Tensor:
        if self.training and len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate a lot.")
        return super().forward(x)


def greedy() -> Greedy:
    torch.manual_seed(5)
    plain = build("small_cnn", 1, 2)
    assert isinstance(plain, Classifier)
    return Greedy(plain.features, plain.head)


def test_memory_that_runs_out_halves_the_batch_and_the_epoch_begins_again(tmp_path: Path) -> None:
    events: list[TrainingEvent] = []
    halved, small = job_of(tmp_path / "a", events, greedy()), job_of(tmp_path / "b", [], greedy(), batch=2)
    train_classifier(halved)
    train_classifier(small)
    assert "with a batch of 8: the epoch begins again with 4" in notes(events)
    assert "with a batch of 4: the epoch begins again with 2" in notes(events)
    state = small.network.state_dict()
    assert all(torch.equal(v, state[k]) for k, v in halved.network.state_dict().items())
    resumed = course_of(job_of(tmp_path / "a", [], greedy()))
    assert resumed.batch == 2 and resumed.next_epoch == 2


def test_memory_too_small_for_one_picture_is_said_clearly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Greedy, "most", 0)
    with pytest.raises(EnvironmentFailure, match="even with a batch of one"):
        train_classifier(job_of(tmp_path, [], greedy()))


def test_only_missing_memory_is_taken_for_it() -> None:
    words = "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to allocate"
    assert memory_full(MemoryError()) and memory_full(RuntimeError(words))
    assert not memory_full(RuntimeError("shapes cannot be multiplied")) and not memory_full(None)


def test_full_disk_while_the_checkpoint_is_saved_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tmp_path, [])
    train_classifier(job)
    kept = (tmp_path / CHECKPOINT).read_bytes()

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="could not be written: No space left"):
        course_of(job_of(tmp_path, [])).save()
    assert (tmp_path / CHECKPOINT).read_bytes() == kept and [p.name for p in tmp_path.iterdir()] == [CHECKPOINT]


def test_no_room_for_the_pictures_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(prepared, "IN_MEMORY_BYTES", 0)
    mapped = prepared.storage((2, 3), np.uint8, tmp_path / "a.npy")
    assert (tmp_path / "a.npy").stat().st_size >= 6 and not mapped.any()
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10, 9, 1))
    with pytest.raises(StorageError, match="no room"):
        prepared.storage((2, 3), np.uint8, tmp_path / "b.npy")
    assert not (tmp_path / "b.npy").exists()


def sample(n: int, *, bad: bool = False, mask: tuple[int, int] | None = None) -> Sample:
    def load() -> tuple[Pixels, Mask | None]:
        if bad:
            raise PictureError(f"{n}.png cannot be read.", "Replace it.", f"{n}.png")
        return np.zeros((10, 12), np.uint8), None if mask is None else np.zeros(mask, np.uint8)

    return Sample(f"{n}.png", "ok", str(n), load, has_mask=mask is not None)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ([sample(0), sample(1, bad=True)], r"^1\.png cannot be read"),
        ([sample(0), sample(1, bad=True), sample(2, bad=True)], r"^2 of 3 pictures .* first: 1\.png cannot.*inspect"),
        ([sample(0, mask=(10, 11))], r"mask of 0\.png has 11×10 pixels, the picture 12×10"),
    ],
)
def test_pictures_that_cannot_be_used_are_counted_and_named(samples: list[Sample], words: str) -> None:
    spec = InputSpec(height=8, width=8, channels=1, resize="stretch")
    with pytest.raises(DatasetError, match=words):
        prepare_samples(samples, ["ok"], ["ok"], spec, with_masks=True, threads=1, progress=lambda *_: None)


def test_curves_are_written_for_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="curves are optional")
    with Board(tmp_path / "curves") as board:
        board.write(EpochDone(epoch=1, epochs=2, train_loss=0.5, validation_loss=0.25, figures={"ap": 0.75}))
        board.write(TrainingNote(text="not drawn"))
    (file,) = (tmp_path / "curves").iterdir()
    written = file.read_bytes()
    assert all(name in written for name in (b"loss/training", b"loss/validation", b"ap", b"seconds"))


def test_missing_tensorboard_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(EnvironmentFailure, match="tensorboardX"):
        Board(tmp_path)
