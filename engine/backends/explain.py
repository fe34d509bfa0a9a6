"""Explanations by gradients and by perturbation, through the package's torch network and the grad-cam library.

    grad-cam     Selvaraju et al. 2017: channels weighted by the mean gradient of the class's logit
    grad-cam++   Chattopadhay et al. 2018: the same with positive gradients weighted cell by cell
    eigen-cam    Muhammad and Yeasin 2020: first principal component of the activations, the same for every class
    score-cam    Wang et al. 2020: channels weighted by the logit of the picture masked by them; one pass a channel
All of them read the last feature map: a classifier's features, the features a seg-decision network decides on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import EigenCAM, GradCAM, GradCAMPlusPlus, ScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from engine.backends.outputs import Raw, assemble
from engine.domain.inspection import HeatMap, Pixels
from engine.domain.recipe import WHOLE, View
from engine.errors import InferenceError, UsageError
from engine.networks.ensemble import Ensemble
from engine.networks.graph import Deployed, unit
from engine.networks.load import load_graph
from engine.networks.segdec import FastSegDec
from engine.packages.manifest import MapSpec
from engine.packages.package import ModelPackage
from engine.preprocessing.look import look
from engine.system.threads import thread_budget

MASKS_AT_ONCE = 16
_Pictures = NDArray[np.float32]


class _FeatureSized:
    """Keeps the library from stretching and shifting the map: what comes out is ReLU(map) at feature resolution."""

    def compute_cam_per_layer(self, pictures: Tensor, targets: list[Any], eigen_smooth: bool) -> list[_Pictures]:
        cam = cast(Any, self)
        (activations,) = (a.cpu().numpy() for a in cam.activations_and_grads.activations)
        gradients = next((g.cpu().numpy() for g in cam.activations_and_grads.gradients), None)
        image = cam.get_cam_image(pictures, cam.target_layers[0], targets, activations, gradients, eigen_smooth)
        return [np.maximum(image, 0.0)]

    def aggregate_multi_layers(self, cams: list[_Pictures]) -> _Pictures:
        return cams[0]


class _GradCam(_FeatureSized, GradCAM):  # type: ignore[misc]
    pass


class _GradCamPlusPlus(_FeatureSized, GradCAMPlusPlus):  # type: ignore[misc]
    pass


class _EigenCam(_FeatureSized, EigenCAM):  # type: ignore[misc]
    """The library's, by the channels' covariance: its full decomposition of a wide map takes gigabytes."""

    def get_cam_image(self, _x: Tensor, _layer: Any, _t: Any, activations: _Pictures, *_: Any) -> _Pictures:
        cells = activations[0].reshape(activations.shape[1], -1).astype(np.float64)
        cells -= cells.mean(axis=1, keepdims=True)
        first = np.linalg.eigh(cells @ cells.T)[1][:, -1]
        projection = first @ cells
        # A component has no sign of its own: the peak, not the background, is to be positive.
        sign = 1.0 if projection.max(initial=0.0) >= -projection.min(initial=0.0) else -1.0
        return np.asarray((sign * projection).reshape(1, *activations.shape[2:]), np.float32)


class _ScoreCam(_FeatureSized, ScoreCAM):  # type: ignore[misc]
    """The library's without its progress bar, and without keeping the activations of every masked picture."""

    def get_cam_weights(
        self, x: Tensor, _layer: Any, targets: list[Any], activations: _Pictures, _grads: Any
    ) -> _Pictures:
        masks = nn.functional.interpolate(
            torch.from_numpy(activations), size=x.shape[2:], mode="bilinear", align_corners=True
        )[0].to(x.device)
        low, high = masks.amin(dim=(1, 2), keepdim=True), masks.amax(dim=(1, 2), keepdim=True)
        masks = ((masks - low) / (high - low + 1e-8))[:, None]
        scores: list[Tensor] = []
        for some in torch.split(masks, MASKS_AT_ONCE):
            scores += [targets[0](logits) for logits in self.model(x * some)]
            del self.activations_and_grads.activations[1:]
        weights = torch.softmax(torch.stack(scores).float(), dim=0)
        return np.asarray(weights.cpu().numpy(), np.float32)[None]


METHODS: dict[str, Callable[..., Any]] = {
    "grad-cam": _GradCam,
    "grad-cam++": _GradCamPlusPlus,
    "eigen-cam": _EigenCam,
    "score-cam": _ScoreCam,
}
_BY_GRADIENT = ("grad-cam", "grad-cam++")


class TorchExplainer:
    """A package's network opened for explanation (engine.backends.base.Explainer); CUDA where it is present.

    May be called from any thread, one at a time. Raises PackageError for a package without weights.
    """

    def __init__(self, package: ModelPackage, *, threads: int = 0) -> None:
        torch.set_num_threads(thread_budget(threads))
        self._package = package
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # Gradients are wanted at the features only; the weights' own would cost time and memory.
        self._graph = load_graph(package).to(self._device).eval().requires_grad_(False)
        self._one_at_a_time = threading.Lock()

    def explain(self, pixels: Pixels, view: View = WHOLE, method: str = "grad-cam", label: str = "") -> HeatMap:
        """What speaks for `label` (empty = the likeliest class): h×w in 0…1, its peak at 1, over the view.

        With tiles, each tile's peak is at its share of the surest tile's score. Raises UsageError for an unknown
        method or class, InferenceError where the method fails or there is nothing to see in the frame.
        """
        classes = self._package.manifest.class_names
        if method not in METHODS:
            raise UsageError(f"There is no method {method!r}.", f"Choose one of {', '.join(METHODS)}.")
        if label and label not in classes:
            raise UsageError(f"The model has no class {label!r}.", f"Its classes: {', '.join(classes)}.")
        seen = look(pixels, self._package.manifest.input, view)
        if not seen.inputs:
            raise InferenceError(f"There is nothing to explain: {seen.lost}.", "Choose another frame.")
        try:
            with self._one_at_a_time:
                pictures = [torch.from_numpy(p[np.newaxis]).to(self._device) for p in seen.inputs]
                scores = np.stack([self._scores(p) for p in pictures])
                index = classes.index(label) if label else int(scores.max(axis=0).argmax())
                cams = [self._cam(p, method, index) for p in pictures]
        except (RuntimeError, np.linalg.LinAlgError) as error:
            raise InferenceError(f"The model cannot be explained by {method}: {error}.", "Choose another.") from error
        if not all(np.isfinite(cam).all() for cam in cams):
            raise InferenceError(f"The model gives no finite map by {method}.", "Choose another method or model.")
        shares = scores[:, index] / max(float(scores[:, index].max()), 1e-12)
        raws = [_raw(cam, float(share), index, len(classes)) for cam, share in zip(cams, shares, strict=True)]
        heat = assemble(raws, seen, _as_shown(self._package)).heat
        assert heat is not None
        return heat

    def _scores(self, picture: Tensor) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(self._graph(picture)[0][0].float().cpu().numpy(), np.float32)

    def _cam(self, picture: Tensor, method: str, index: int) -> _Pictures:
        """h×w ≥ 0 for one input 1×H×W×C; of an ensemble the members' by weight, each with its peak at 1."""
        x = unit(picture)
        if not isinstance(self._graph, Ensemble):
            return cam_of(cast(Deployed, self._graph), x, method, index)
        members = self._graph.each
        cams = [cam_of(m.deployed, m.fit(x), method, int(m.order[index])) for m in members]
        height, width = max((c.shape for c in cams), key=lambda s: s[0] * s[1])
        total = np.zeros((height, width), np.float32)
        for cam, share in zip(cams, self._graph.shares.tolist(), strict=True):
            peak = max(float(cam.max(initial=0.0)), 1e-12)
            total += share * cv2.resize(cam / peak, (width, height), interpolation=cv2.INTER_LINEAR)
        return total


def cam_of(deployed: Deployed, x: Tensor, method: str, index: int) -> _Pictures:
    """The method's map h×w ≥ 0 (any scale) for the class `index`; `x` is 1×C×H×W in 0…1, blue first."""
    network = deployed.network
    by_gradient = method in _BY_GRADIENT
    cam = METHODS[method](model=_Logits(network), target_layers=[features_of(network)])
    try:
        with torch.set_grad_enabled(by_gradient):
            pictures = deployed.normalise(x).detach().requires_grad_(by_gradient)
            found = cam(input_tensor=pictures, targets=[ClassifierOutputTarget(index)])
    finally:
        # Not `with cam`: the library swallows an IndexError there.
        cam.activations_and_grads.release()
    return np.asarray(found[0], np.float32)


def features_of(network: nn.Module) -> nn.Module:
    """The layer whose output is the last feature map before the verdict."""
    return cast(nn.Module, network.context if isinstance(network, FastSegDec) else network.features)


class _Logits(nn.Module):
    """A network's logits alone, N×K; one logit z as (-z, z)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        found = self.network(x)
        logits = cast(Tensor, found[0] if isinstance(found, tuple) else found)
        return torch.cat((-logits, logits), dim=1) if logits.shape[1] == 1 else logits


def _raw(cam: _Pictures, share: float, index: int, classes: int) -> Raw:
    scores, maps = np.zeros(classes, np.float32), np.zeros((classes, *cam.shape), np.float32)
    scores[index], maps[index] = share, cam
    return Raw(scores, maps)


def _as_shown(package: ModelPackage) -> ModelPackage:
    """The package as if its map were this one, so that it is laid over the frame as every map is."""
    manifest = package.manifest
    alike = [c.model_copy(update={"role": "defect"}) for c in manifest.classes]
    return replace(package, manifest=manifest.model_copy(update={"map": MapSpec(kind="cam"), "classes": alike}))
