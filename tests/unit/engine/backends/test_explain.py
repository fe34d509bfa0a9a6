"""Explanations: each method is the library's, lies where a map lies, leaves nothing behind, fails in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytorch_grad_cam = pytest.importorskip("pytorch_grad_cam")

from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget  # noqa: E402
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection  # noqa: E402

from engine.backends import load as loading  # noqa: E402
from engine.backends.explain import METHODS, TorchExplainer, cam_of, features_of  # noqa: E402
from engine.backends.load import load_explainer  # noqa: E402
from engine.domain.recipe import WHOLE, View  # noqa: E402
from engine.errors import EnvironmentFailure, InferenceError, PackageError, UsageError  # noqa: E402
from engine.networks.catalogue import build  # noqa: E402
from engine.networks.graph import Deployed, unit  # noqa: E402
from engine.packages.package import ModelPackage  # noqa: E402
from engine.preprocessing.input_spec import InputSpec  # noqa: E402
from tests.networks import parts, settle, write_network  # noqa: E402
from tests.packages import write_tiny_package  # noqa: E402

pytestmark = pytest.mark.slow

CLASSES = ("ok", "scratch", "dent")
SPEC = InputSpec(height=64, width=96, channels=3)


@pytest.fixture(autouse=True)
def as_many_threads_as_before() -> Iterator[None]:
    count, opencv = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(count)
    cv2.setNumThreads(opencv)


def _pictures(count: int = 2) -> list[Any]:
    return parts(count, SPEC.height, SPEC.width, SPEC.channels)


def _deployed(architecture: str = "small_cnn", classes: int = 3) -> Deployed:
    torch.manual_seed(3)
    deployed = Deployed(build(architecture, 3, classes), architecture)
    settle(deployed.network, deployed.normalise(unit(torch.from_numpy(np.stack(_pictures(4))))))
    return deployed.eval()


def _package(folder: Path, architecture: str = "small_cnn") -> ModelPackage:
    return write_network(folder, _deployed(architecture).network, architecture, CLASSES, SPEC)


@pytest.mark.parametrize(("method", "name"), [("grad-cam", "GradCAM"), ("grad-cam++", "GradCAMPlusPlus")])
@pytest.mark.parametrize("label", range(3))
def test_gradient_methods_are_the_librarys(method: str, name: str, label: int) -> None:
    deployed = _deployed()
    x = unit(torch.from_numpy(_pictures()[0][None]))
    found = cam_of(deployed, x, method, label)
    library = getattr(pytorch_grad_cam, name)(model=deployed.network, target_layers=[deployed.network.features])
    expected = _library_map(library, deployed.normalise(x), label)
    assert found.shape == (8, 12)
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-7)
    assert expected.max() > 0.0


def test_eigen_cam_is_the_librarys_up_to_its_sign() -> None:
    deployed = _deployed()
    x = unit(torch.from_numpy(_pictures()[0][None]))
    found = cam_of(deployed, x, "eigen-cam", 1)
    with torch.no_grad():
        activations = deployed.network.features(deployed.normalise(x)).numpy()
    projection = get_2d_projection(activations)[0]
    sign = 1.0 if projection.max() >= -projection.min() else -1.0
    assert np.allclose(found, np.maximum(sign * projection, 0.0), atol=1e-4 * np.abs(projection).max())


def test_score_cam_is_the_librarys_without_its_progress_bar(capfd: pytest.CaptureFixture[str]) -> None:
    deployed = _deployed()
    x = unit(torch.from_numpy(_pictures()[0][None]))
    found = cam_of(deployed, x, "score-cam", 1)
    assert capfd.readouterr().err == ""
    library = pytorch_grad_cam.ScoreCAM(model=deployed.network, target_layers=[deployed.network.features])
    expected = _library_map(library, deployed.normalise(x), 1)
    assert np.allclose(found, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("architecture", "method"),
    [
        *((name, method) for name in ("small_cnn", "segdec-fast", "segdec-map") for method in METHODS),
        *(("mobilenet_v3_small", method) for method in ("grad-cam", "grad-cam++", "eigen-cam")),
        ("convnext_tiny", "grad-cam"),
    ],
)
def test_every_method_explains_any_architecture(tmp_path: Path, architecture: str, method: str) -> None:
    explainer = load_explainer(_package(tmp_path / "pkg", architecture))
    heat = explainer.explain(_pictures()[0], WHOLE, method, "scratch")
    assert heat.dtype == np.float32 and heat.ndim == 2
    assert np.isfinite(heat).all() and heat.min() >= 0.0
    assert heat.max() == pytest.approx(1.0) or heat.max() == 0.0
    assert heat.shape[1] / heat.shape[0] == pytest.approx(SPEC.width / SPEC.height)


def test_a_network_that_keeps_cells_before_its_head_is_explained() -> None:
    # AlexNet and VGG: no global average, so the graph has no map of its own.
    deployed = _deployed("alexnet")
    assert deployed.outputs == ("scores",)
    x = unit(torch.from_numpy(_pictures()[0][None]))
    cams = [cam_of(deployed, x, "grad-cam", label) for label in range(3)]
    assert all(cam.shape == (1, 2) and np.isfinite(cam).all() for cam in cams)
    assert max(cam.max() for cam in cams) > 0.0


def test_grad_cam_is_the_graphs_own_map(tmp_path: Path) -> None:
    package = _package(tmp_path / "pkg")
    picture = _pictures()[0]
    explainer = TorchExplainer(package)
    with torch.no_grad():
        maps = _deployed_of(explainer)(torch.from_numpy(picture[None]))[1][0].numpy()
    for index, label in enumerate(CLASSES):
        heat = explainer.explain(picture, WHOLE, "grad-cam", label)
        assert np.allclose(heat, maps[index] / maps[index].max(), atol=1e-4)


def test_the_map_covers_the_region_of_interest(tmp_path: Path) -> None:
    explainer = load_explainer(_package(tmp_path / "pkg"))
    frame = np.full((300, 400, 3), 120, np.uint8)
    inset = _pictures()[0]
    frame[100:164, 200:296] = inset
    seen = explainer.explain(frame, View(roi=(200, 100, 96, 64)), "grad-cam", "dent")
    assert np.array_equal(seen, explainer.explain(inset, WHOLE, "grad-cam", "dent"))


def test_without_a_label_the_likeliest_class_is_explained(tmp_path: Path) -> None:
    explainer = TorchExplainer(_package(tmp_path / "pkg"))
    picture = _pictures()[1]
    with torch.no_grad():
        scores = _deployed_of(explainer)(torch.from_numpy(picture[None]))[0][0]
    likeliest = CLASSES[int(scores.argmax())]
    assert np.array_equal(explainer.explain(picture), explainer.explain(picture, WHOLE, "grad-cam", likeliest))


def test_one_logit_is_explained_for_both_classes() -> None:
    deployed = _deployed(classes=1)
    x = unit(torch.from_numpy(_pictures()[0][None]))
    found = np.stack([cam_of(deployed, x, "grad-cam", label) for label in (0, 1)])
    with torch.no_grad():
        expected = deployed(torch.from_numpy(_pictures()[0][None]))[1][0].numpy()
    assert expected.max() > 0.0
    assert np.allclose(found * found[0].size, expected, rtol=1e-3, atol=1e-5)


def test_nothing_is_left_in_the_network(tmp_path: Path) -> None:
    explainer = TorchExplainer(_package(tmp_path / "pkg"), threads=1)
    assert torch.get_num_threads() == 1
    network = _deployed_of(explainer).network
    for method in METHODS:
        explainer.explain(_pictures()[0], WHOLE, method, "dent")
        assert not any(m._forward_hooks or m._backward_hooks for m in network.modules())
        assert all(p.grad is None for p in network.parameters())


def test_a_failure_leaves_no_hooks_and_says_so(tmp_path: Path) -> None:
    explainer = TorchExplainer(_package(tmp_path / "pkg"))
    network = _deployed_of(explainer).network
    for parameter in features_of(network).parameters():
        parameter.fill_(float("nan"))
    for method in METHODS:
        with pytest.raises(InferenceError):
            explainer.explain(_pictures()[0], WHOLE, method, "dent")
        assert not any(m._forward_hooks for m in network.modules())


def test_wrong_names_are_refused(tmp_path: Path) -> None:
    explainer = load_explainer(_package(tmp_path / "pkg"))
    with pytest.raises(UsageError, match="score-cam"):
        explainer.explain(_pictures()[0], WHOLE, "lime", "dent")
    with pytest.raises(UsageError, match="scratch"):
        explainer.explain(_pictures()[0], WHOLE, "grad-cam", "rust")


def test_a_package_without_weights_cannot_be_explained(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="no torch weights"):
        load_explainer(write_tiny_package(tmp_path / "tiny"))


def test_a_station_without_torch_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    package = _package(tmp_path / "pkg")
    monkeypatch.setattr(loading, "import_module", missing)
    with pytest.raises(EnvironmentFailure, match="grad-cam"):
        load_explainer(package)


def _deployed_of(explainer: TorchExplainer) -> Deployed:
    graph = explainer._graph
    assert isinstance(graph, Deployed)
    return graph


def _library_map(cam: Any, x: Any, label: int) -> Any:
    """ReLU of the library's map h×w before it scales and stretches it."""
    targets = [ClassifierOutputTarget(label)]
    cam(input_tensor=x, targets=targets)
    activations = cam.activations_and_grads.activations[0].numpy()
    gradients = cam.activations_and_grads.gradients
    image = cam.get_cam_image(
        x, cam.target_layers[0], targets, activations, gradients[0].numpy() if gradients else None
    )
    cam.activations_and_grads.release()
    return np.maximum(image[0], 0.0)
