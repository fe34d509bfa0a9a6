"""The network says what its teacher says: EfficientNet-Lite0 in torch, from the wheel that published it."""

from __future__ import annotations

import importlib
from importlib.resources import files
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray

from engine.backbone.graph import TAPS, graph, named
from engine.backbone.network import CHANNELS, STRIDES, logits, network
from engine.backbone.weights import FILE, PACKAGE, read_weights
from engine.backends.core import core
from tests.unit.engine.backbone.drawn import drawn, photographed


def compiled(model: ov.Model) -> Any:
    return core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def teacher(height: int, width: int) -> Any:
    """The published network, for pictures of one size."""
    torch = pytest.importorskip("torch", reason="torch is the reference (train extra)")
    published = pytest.importorskip("efficientnet_lite_pytorch", reason="the published network is the reference")
    found = published.EfficientNet.from_name("efficientnet-lite0", image_size=(height, width))
    found.load_state_dict(torch.load(str(files(PACKAGE).joinpath(FILE)), map_location="cpu", weights_only=True))
    return found.eval()


def taught(net: Any, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Its logits of a BGR picture."""
    torch = importlib.import_module("torch")
    with torch.inference_mode():
        red_first = torch.from_numpy(picture[..., ::-1].copy()).permute(2, 0, 1)[None].float()
        return np.asarray(net((red_first - 127.0) / 128.0)[0].numpy())


def test_logits_are_those_of_the_published_network_on_fifty_pictures() -> None:
    net = teacher(224, 224)
    weights = read_weights()
    ours = network(weights, 224, 224, 3)
    model = compiled(ov.Model([named(logits(ours, weights), "logits")], [ours.picture]))
    pictures = [*drawn(25), *photographed(25)]
    for picture in pictures:
        told, found = taught(net, picture), model(picture[None])[0][0]
        assert np.abs(found - told).max() <= 1e-4


def test_logits_of_a_picture_that_is_not_square_are_too() -> None:
    net = teacher(96, 160)
    weights = read_weights()
    ours = network(weights, 96, 160, 3)
    model = compiled(ov.Model([named(logits(ours, weights), "logits")], [ours.picture]))
    (picture,) = drawn(1, 96, 160)
    assert np.allclose(model(picture[None])[0][0], taught(net, picture), atol=1e-4)


def test_taps_lie_at_their_strides_with_their_channels() -> None:
    found = graph(96, 160, 3)
    shapes = [list(found.output(name).shape) for name in TAPS]
    assert shapes == [[1, count, 96 // step, 160 // step] for step, count in zip(STRIDES, CHANNELS, strict=True)]


def test_grey_picture_is_seen_as_the_same_grey_in_colour() -> None:
    (grey,) = drawn(1, 96, 160, 1)
    alone, three = compiled(graph(96, 160, 1)), compiled(graph(96, 160, 3))
    told = three(np.repeat(grey, 3, 2)[None])
    found = alone(grey[None])
    assert all(np.allclose(found[name], told[name], rtol=1e-5, atol=1e-4) for name in ("whole", "patches", *TAPS))


def test_size_that_the_strides_do_not_divide_is_refused() -> None:
    for height, width, channels in ((100, 224, 3), (224, 16, 3), (0, 224, 3), (224, 224, 4)):
        with pytest.raises(ValueError, match="no size for the backbone"):
            network({}, height, width, channels)
