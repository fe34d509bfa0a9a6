"""The graph's class activation map is Grad-CAM as the grad-cam library computes it, for every class."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="needs the train extra")
pytorch_grad_cam = pytest.importorskip("pytorch_grad_cam")

from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget  # noqa: E402

from engine.networks.catalogue import build  # noqa: E402
from engine.networks.classifiers import CellHead, Classifier  # noqa: E402
from engine.networks.graph import Deployed  # noqa: E402
from tests.networks import parts, settle  # noqa: E402

pytestmark = pytest.mark.slow

EXACT = 1e-4
NETWORKS = ["small_cnn", "line_cnn", "resnet18", "mobilenet_v2", "densenet121", "shufflenet_v2_x0_5", "squeezenet1_1"]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_map_is_grad_cam_for_every_class(name: str) -> None:
    pictures = np.stack(parts(2, 64, 96, 3))
    assert _largest_difference(name, pictures) <= EXACT


@pytest.mark.data
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_the_map_is_grad_cam_on_real_castings(name: str, real_data: Path) -> None:
    files = sorted((real_data / "casting" / "test" / "def_front").glob("*.jpeg"))[:2]
    read = [cv2.imread(str(f), cv2.IMREAD_COLOR) for f in files]
    pictures = np.stack([np.asarray(cv2.resize(p, (224, 224)), np.uint8) for p in read if p is not None])
    assert len(pictures) == 2
    assert _largest_difference(name, pictures) <= EXACT


def test_the_map_of_one_logit_is_grad_cam_for_and_against() -> None:
    pictures = torch.from_numpy(np.stack(parts(3, 48, 64, 3)))
    torch.manual_seed(1)
    network = build("small_cnn", 3, 1)
    settle(network, torch.rand(4, 3, 48, 64))
    graph = Deployed(network, "small_cnn").eval()
    with torch.no_grad():
        scores, maps = graph(pictures)
        logits = graph.logits(pictures)
    assert scores.shape == (3, 2) and maps.shape[:2] == (3, 2)
    assert torch.allclose(scores, torch.cat((torch.sigmoid(-logits), torch.sigmoid(logits)), dim=1))
    x = graph.normalise(pictures.permute(0, 3, 1, 2).float() / 255.0)
    for_it = _library(network, x[:1], 0)
    found = maps[0, 1].numpy()
    assert np.allclose(found / found.max(), for_it / for_it.max(), atol=EXACT)
    assert float((maps[:, 0] * maps[:, 1]).abs().max()) == 0.0, "a cell speaks for a class or against it"


def _largest_difference(name: str, pictures: NDArray[np.uint8]) -> float:
    """Over pictures N×H×W×3 and four classes, relative to the map's peak; each is scaled to its own peak."""
    batch = torch.from_numpy(pictures)
    torch.manual_seed(1)
    network = build(name, 3, 4)
    graph = Deployed(network, name)
    settle(network, graph.normalise(batch.permute(0, 3, 1, 2).float() / 255.0))
    with torch.no_grad():
        maps = graph.eval()(batch)[1].numpy()
    worst, told = 0.0, 0
    for row in range(len(pictures)):
        x = graph.normalise(batch[row : row + 1].permute(0, 3, 1, 2).float() / 255.0)
        for label in range(4):
            expected, found = _library(network, x, label), maps[row, label]
            assert expected.shape == found.shape
            if expected.max() <= 0.0:
                assert found.max() <= 1e-6
                continue
            told += 1
            worst = max(worst, float(np.abs(found / found.max() - expected / expected.max()).max()))
    assert told >= 4, "too many empty maps to compare"
    return worst


def _library(network: torch.nn.Module, x: torch.Tensor, label: int) -> NDArray[np.float32]:
    """ReLU of the library's map h×w before it scales and stretches it."""
    assert isinstance(network, Classifier)
    layer = network.head.relu if isinstance(network.head, CellHead) else network.features
    targets = [ClassifierOutputTarget(label)]
    with pytorch_grad_cam.GradCAM(model=network, target_layers=[layer]) as cam:
        cam(input_tensor=x, targets=targets)
        activations, gradients = (
            t[0].numpy() for t in (cam.activations_and_grads.activations, cam.activations_and_grads.gradients)
        )
        image = cam.get_cam_image(x, layer, targets, activations, gradients)
    return np.maximum(image[0], 0.0)
