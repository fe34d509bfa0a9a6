"""Load a package on the backend asked for, or for explanation."""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal, cast

from engine.backends.base import Explainer, Model
from engine.errors import EnvironmentFailure, LinesideError, PackageError
from engine.packages.package import ModelPackage
from engine.system.late import Late

if TYPE_CHECKING:
    from engine.backends import openvino
    from engine.backends.openvino import Mode, Precision
else:
    openvino = Late("engine.backends.openvino")

log = logging.getLogger(__name__)

Backend = Literal["auto", "openvino", "torch"]


def load_model(
    package: ModelPackage,
    *,
    threads: int = 0,
    mode: Mode = "latency",
    precision: Precision = "auto",
    backend: Backend = "auto",
) -> Model:
    """A warm model, ready to judge; takes 0.2–3 s. Raises PackageError, EnvironmentFailure where torch is missing.

    `auto` takes torch where there is a graphics card for it, the package carries its weights and no precision is asked
    for; else, and where that fails, OpenVINO on the processor.
    """
    if backend == "auto":
        on_card = _on_graphics_card(package, threads) if precision == "auto" and has_graphics_card() else None
        return on_card or openvino.OpenVinoModel(package, threads=threads, mode=mode, precision=precision)
    if backend == "openvino":
        return openvino.OpenVinoModel(package, threads=threads, mode=mode, precision=precision)
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


def has_graphics_card() -> bool:
    """Whether an NVIDIA driver is there: a look at the system, so that a plain station never imports torch for it."""
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32" / "nvcuda.dll").exists()
    return Path("/dev/nvidia0").exists() or Path("/dev/dxg").exists()


def _on_graphics_card(package: ModelPackage, threads: int) -> Model | None:
    """The torch model where torch can use the card; None, with a line in the log, where anything is missing."""
    if package.weights is None:
        return None
    try:
        module = import_module("engine.backends.torch")
        return cast(Model, module.TorchModel(package, threads=threads)) if module.has_cuda() else None
    except (ImportError, LinesideError, RuntimeError) as error:
        log.warning("the graphics card is not used: %s", error)
        return None


def _torch_module(name: str, missing: str) -> ModuleType:
    try:
        # Loaded by name: a station without torch must start, and the bundle must not follow this import.
        return import_module(name)
    except ImportError as error:
        raise EnvironmentFailure(missing, 'Run `pip install "lineside[train]"`.') from error
