"""Load a package on the backend asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Literal, cast

from engine.backends.base import Model
from engine.backends.openvino import Mode, OpenVinoModel, Precision
from engine.errors import EnvironmentFailure
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
    try:
        # Loaded by name: a station without torch must start, and the bundle must not follow this import.
        module = import_module("engine.backends.torch")
    except ImportError as error:
        raise EnvironmentFailure(
            "The torch backend needs torch, which is not installed.", 'Run `pip install "lineside[train]"`.'
        ) from error
    return cast(Model, module.TorchModel(package, threads=threads))
