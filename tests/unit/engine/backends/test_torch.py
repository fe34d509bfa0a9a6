"""The torch backend says what OpenVINO says, for both kinds of shipped model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.backends import load
from engine.backends import torch as on_torch
from engine.backends.load import load_model
from engine.backends.openvino import OpenVinoModel
from engine.backends.torch import TorchModel
from engine.domain.recipe import Tiles, View
from engine.packages.package import open_package
from engine.sources.demo import PartMaker
from engine.system.places import demo_package
from tests.packages import write_tiny_package

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["demo-segdec", "demo-classifier"])
def test_torch_and_openvino_agree(name: str) -> None:
    package = open_package(demo_package(name))
    torch_model, openvino_model = load_model(package, backend="torch"), load_model(package, precision="f32")
    maker = PartMaker(55, defect_rate=0.5)
    pictures = [maker.part(index).pixels for index in range(4)]
    streamed = list(torch_model.stream(iter(pictures)))
    for pixels, ours in zip(pictures, streamed, strict=True):
        theirs = openvino_model.run(pixels)
        assert np.allclose(ours.scores.values, theirs.scores.values, atol=2e-3)
        assert ours.heat is not None
        assert theirs.heat is not None
        assert np.allclose(ours.heat, theirs.heat, atol=5e-3)
        assert len(ours.regions) == len(theirs.regions)


def test_many_pictures_in_one_pass_are_judged_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TorchModel(open_package(demo_package()))
    maker = PartMaker(56, defect_rate=0.5)
    pictures = [maker.part(index).pixels for index in range(7)]
    view = View(tiles=Tiles(600, 700, 0.1))
    alone = [model.run(pixels, view) for pixels in pictures]
    monkeypatch.setattr(model, "_batch", 5)
    together = list(model.stream(iter(pictures), view))
    assert len(together) == len(pictures)
    for one, other in zip(alone, together, strict=True):
        assert np.allclose(one.scores.values, other.scores.values, atol=1e-4)
        assert one.novelty == pytest.approx(other.novelty, rel=1e-3)


def test_a_graphics_card_is_used_where_torch_can(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package, foreign = open_package(demo_package()), write_tiny_package(tmp_path / "tiny")
    assert isinstance(load_model(package), OpenVinoModel)
    monkeypatch.setattr(load, "has_graphics_card", lambda: True)
    assert isinstance(load_model(package), OpenVinoModel)  # a card, but this torch has no CUDA
    monkeypatch.setattr(on_torch, "has_cuda", lambda: True)
    assert isinstance(load_model(package), TorchModel)
    assert isinstance(load_model(package, precision="f32"), OpenVinoModel)
    assert isinstance(load_model(foreign), OpenVinoModel)


def test_a_card_that_fails_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object, **_more: object) -> TorchModel:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(load, "has_graphics_card", lambda: True)
    monkeypatch.setattr(on_torch, "has_cuda", lambda: True)
    monkeypatch.setattr(on_torch, "TorchModel", fails)
    assert isinstance(load_model(open_package(demo_package())), OpenVinoModel)
