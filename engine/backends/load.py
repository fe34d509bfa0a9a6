"""Load a package on the backend asked for, or for explanation."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Literal, cast

from engine.backends.base import Explainer, Model
from engine.backends.openvino import Mode, OpenVinoModel, Precision
from engine.errors import EnvironmentFailure, PackageError
from engine.package import ModelPackage

Backend = Literal["openvino", "torch"]


def load_model(
    package: ModelPackage,
    *,
    threads: int = 0,
    mode: Mode = "latency",
    precision: Precision = "auto",
    backend: Backend = "openvino",
) -> Model:
    """A warm model, ready to judge; takes 0.2–3 s. Raises PackageError, EnvironmentFailure where torch is missing."""
    if backend == "openvino":
        return OpenVinoModel(package, threads=threads, mode=mode, precision=precision)
    module = _torch_module("engine.backends.torch", "The torch backend needs torch, which is not installed.")
    return cast(Model, module.TorchModel(package, threads=threads))


def load_explainer(package: ModelPackage, *, threads: int = 0) -> Explainer:
    """The package's network opened for explanation. Raises PackageError for a package without torch weights (a model
    made elsewhere), EnvironmentFailure where torch or grad-cam is missing."""
    if package.weights is None:
        raise PackageError(
            f"{package.manifest.name} carries no torch weights, so it cannot be explained.", "Use its own map."
        )
    module = _torch_module("engine.backends.explain", "Explanations need torch and grad-cam, which are not installed.")
    return cast(Explainer, module.TorchExplainer(package, threads=threads))


def _torch_module(name: str, missing: str) -> ModuleType:
    try:
        # Loaded by name: a station without torch must start, and the bundle must not follow this import.
        return import_module(name)
    except ImportError as error:
        raise EnvironmentFailure(missing, 'Run `pip install "lineside[train]"`.') from error
