"""The torch backend says what OpenVINO says, for both kinds of shipped model."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backends.load import load_model
from engine.package import open_package
from engine.settings import demo_package
from engine.sources.parts import PartMaker


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
