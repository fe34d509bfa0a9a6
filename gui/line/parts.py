"""What a live run is made of, and what jobs make ready for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from db.recording.recorder import Recorder
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.recipe import Recipe
from engine.packages.package import ModelPackage
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_source

LoadModel = Callable[[ModelPackage, int], Model]
OpenSource = Callable[[str], FrameSource]


def load_on_cpu(package: ModelPackage, threads: int) -> Model:
    """The station's backend, lowest latency."""
    return load_model(package, threads=threads)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a live run is made of. Empty strings: the active model, its own limits."""

    source: str
    model: str = ""
    recipe: str = ""
    frames: int | None = None
    gallery: bool = False
    """Keep small pictures of the defects for a report."""
    load: LoadModel = field(default=load_on_cpu, repr=False)
    open: OpenSource = field(default=open_source, repr=False)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a job made ready for a run."""

    source: FrameSource
    package: ModelPackage
    recipe: Recipe
    model: Model
    recorder: Recorder


@dataclass(frozen=True, slots=True)
class Ready:
    """What a job made ready to take over; `model` is None where nothing runs. `path`: the recipe's file."""

    package: ModelPackage
    recipe: Recipe
    model: Model | None
    path: str
