"""The networks keep their shapes, heads grow without forgetting, the exported graph keeps the package's contract."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import UsageError

torch = pytest.importorskip("torch", reason="needs the train extra")

from engine.networks.catalogue import ARCHITECTURES, SEGDEC, build, extend_head, kind_of  # noqa: E402
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


def test_published_network_has_the_published_layers() -> None:
    network = PublishedSegDec(1, 1)
    kernels = [m.kernel_size[0] for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    assert kernels == [5] * 9 + [15, 1] + [5] * 3
    assert network.head.in_features == 66
    # 15.7 million weights is what the paper's network has.
    assert 15.5e6 < sum(p.numel() for p in network.parameters()) < 15.8e6


@pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - set(SEGDEC)))
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
    network.last.weight.data.abs_()
    graph = Deployed(network, "small_cnn").eval()
    picture = torch.randint(0, 256, (1, 32, 32, 1), dtype=torch.uint8)
    activations = network.features(graph.normalise(picture.permute(0, 3, 1, 2).float() / 255.0))
    (gradient,) = torch.autograd.grad(network.judge(activations)[0, 1], activations)
    weights = gradient.mean(dim=(2, 3))[0]
    expected = torch.relu((weights[:, None, None] * activations[0]).sum(dim=0))
    found = graph(picture)[1][0, 1]
    assert torch.allclose(found / found.max(), expected / expected.max(), atol=1e-5)


@pytest.mark.parametrize("name", ["segdec-fast", "line_cnn", "mobilenet_v3_small"])
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
