"""The networks keep their shapes, heads grow without forgetting, the exported graph keeps the package's contract."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import UsageError

torch = pytest.importorskip("torch", reason="needs the train extra")

from engine.networks.catalogue import SEGDEC, build, extend_head, kind_of, last_layer  # noqa: E402
from engine.networks.classifiers import Classifier  # noqa: E402
from engine.networks.graph import Deployed  # noqa: E402
from engine.networks.segdec import FastSegDec, PublishedSegDec  # noqa: E402


@pytest.mark.parametrize("name", sorted(SEGDEC))
def test_segdec_gives_a_verdict_and_a_map_at_any_size(name: str) -> None:
    network = build(name, 1, 3).eval()
    assert isinstance(network, FastSegDec | PublishedSegDec)
    for height, width in ((64, 128), (128, 64)):
        with torch.no_grad():
            logits, seen = network(torch.zeros(2, 1, height, width))
        assert logits.shape == (2, 3)
        assert seen.shape == (2, 1, height // network.reduction, width // network.reduction)


# Kernel, channels in, channels out of every convolution in the order of Tabernik et al. 2019.
PUBLISHED = [
    *((5, 1, 32), (5, 32, 32)),
    *((5, 32, 64), (5, 64, 64), (5, 64, 64)),
    *((5, 64, 64), (5, 64, 64), (5, 64, 64), (5, 64, 64)),
    *((15, 64, 1024), (1, 1024, 1)),
    *((5, 1025, 8), (5, 8, 16), (5, 16, 32)),
]


def test_published_network_has_the_published_layers() -> None:
    network = PublishedSegDec(1, 1)
    found = [
        (m.kernel_size[0], m.in_channels, m.out_channels) for m in network.modules() if isinstance(m, torch.nn.Conv2d)
    ]
    assert found == PUBLISHED
    assert sum(isinstance(m, torch.nn.MaxPool2d) for m in network.features) == 3
    assert sum(isinstance(m, torch.nn.MaxPool2d) for m in network.decision) == 3
    # Every convolution but the one to the map is normalised: no bias, two numbers a channel.
    weights = sum(kernel * kernel * into * out for kernel, into, out in PUBLISHED)
    normalised = 2 * sum(out for kernel, _, out in PUBLISHED if kernel != 1)
    map_bias, verdict = 1, 66 * 1 + 1
    assert weights + normalised + map_bias + verdict == 15_662_876
    assert sum(p.numel() for p in network.parameters()) == 15_662_876


@pytest.mark.parametrize(("height", "width"), [(1408, 512), (704, 256), (256, 1600), (360, 488)])
def test_published_network_takes_any_size_and_maps_at_an_eighth(height: int, width: int) -> None:
    # On the meta device shapes are worked out and nothing is computed.
    network = PublishedSegDec(1, 1).to("meta").eval()
    logits, seen = network(torch.empty(2, 1, height, width, device="meta"))
    assert logits.shape == (2, 1)
    assert seen.shape == (2, 1, height // 8, width // 8)


def test_published_verdict_reads_66_values() -> None:
    network = PublishedSegDec(1, 1).eval()
    with torch.no_grad():
        features = network.features(torch.rand(1, 1, 64, 96))
        assert features.shape == (1, 1024, 8, 12)
        logits, seen = network.judge(features)
        judged = network.decision(torch.cat((features, seen), dim=1))
        assert judged.shape == (1, 32, 1, 1)
        values = torch.cat([f(x) for x in (judged, seen) for f in (_highest, _mean)], dim=1)
        assert values.shape == (1, 66)
        assert torch.allclose(logits, network.head(values), atol=1e-5)


def _highest(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(2).max(dim=2).values


def _mean(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(2).mean(dim=2)


@pytest.mark.parametrize("name", ["small_cnn", "line_cnn", "resnet18", "mobilenet_v2", "mobilenet_v3_small"])
def test_every_classifier_exports_scores_and_its_map(name: str) -> None:
    network = build(name, 3, 4)
    graph = Deployed(network, name).eval()
    with torch.no_grad():
        outputs = graph(torch.randint(0, 256, (1, 64, 96, 3), dtype=torch.uint8))
    assert outputs[0].shape == (1, 4)
    assert float(outputs[0].sum()) == pytest.approx(1.0, abs=1e-5)
    assert graph.map_kind == ("none" if name.startswith("mobilenet_v3") else "cam")
    if graph.map_kind == "cam":
        assert outputs[1].shape[:2] == (1, 4) and float(outputs[1].min()) >= 0.0


def test_class_activation_map_is_what_the_gradient_gives() -> None:
    network = build("small_cnn", 1, 3).eval()
    assert isinstance(network, Classifier)
    # All-positive weights, so that the map of any class has something in it.
    last_layer(network)[1].weight.data.abs_()
    graph = Deployed(network, "small_cnn").eval()
    picture = torch.randint(0, 256, (1, 32, 32, 1), dtype=torch.uint8)
    activations = network.features(graph.normalise(picture.permute(0, 3, 1, 2).float() / 255.0))
    (gradient,) = torch.autograd.grad(network.judge(activations)[0, 1], activations)
    weights = gradient.mean(dim=(2, 3))[0]
    expected = torch.relu((weights[:, None, None] * activations[0]).sum(dim=0))
    found = graph(picture)[1][0, 1]
    assert torch.allclose(found / found.max(), expected / expected.max(), atol=1e-5)


@pytest.mark.parametrize(
    "name", ["segdec-fast", "segdec-map", "lite0-segdec", "line_cnn", "lite0", "mobilenet_v3_small"]
)
def test_a_grown_head_keeps_the_old_logits(name: str) -> None:
    network = build(name, 3, 2).eval()
    picture = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        before = network(picture)
        extend_head(network, 4)
        after = network(picture)
    before, after = (x[0] if isinstance(x, tuple) else x for x in (before, after))
    assert after.shape == (1, 4)
    assert torch.allclose(after[:, :2], before, atol=1e-5)
    assert float(after[:, 2:].max()) < float(after[:, :2].max())


def test_temperature_softens_the_scores() -> None:
    network = build("small_cnn", 1, 2).eval()
    picture = torch.from_numpy(np.full((1, 32, 32, 1), 200, np.uint8))
    with torch.no_grad():
        sharp, soft = (Deployed(network, "small_cnn", t).eval()(picture)[0] for t in (0.5, 5.0))
    assert float(soft.max()) <= float(sharp.max())


def test_unknown_architecture_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="segdec-fast"):
        kind_of("resnet1000")


def test_colour_network_refuses_grey_input() -> None:
    with pytest.raises(UsageError, match="colour"):
        build("resnet18", 1, 2)
