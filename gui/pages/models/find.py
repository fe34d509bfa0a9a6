"""What the Models page reads at once, on a job: versions, what lies on disk of them, their gates and their use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.datasets.export import waiting
from db.datasets.gates import Gate, gates
from db.models.files import OnDisk, kept
from db.models.registry import Activation, ModelVersion, activations, list_models
from db.store.session import Database
from engine.packages.manifest import Manifest
from engine.packages.package import open_package
from gui.i18n.language import translate


@dataclass(frozen=True, slots=True)
class Found:
    """What the page reads at once."""

    models: tuple[ModelVersion, ...]
    activations: tuple[Activation, ...]
    gates: tuple[Gate, ...]
    disk: dict[str, OnDisk]
    waiting: int


def find_all(db: Database) -> Found:
    """Everything, in one go. Blocking."""
    models = list_models(db)
    disk = {model.version: kept(db, model) for model in models}
    return Found(models, activations(db), gates(db), disk, waiting(db))


def open_manifest(model: ModelVersion) -> tuple[ModelVersion, Manifest]:
    """A version with its verified manifest. Blocking. Raises PackageError."""
    return model, open_package(model.folder).manifest


def chain_of(model: ModelVersion, models: Sequence[ModelVersion]) -> tuple[str, ...]:
    """The model's ancestors in words, nearest first; it ends at one that is not registered here."""
    known = {m.version: m for m in models}
    chain: list[str] = []
    seen, version = {model.version}, model.parent
    while version and version not in seen:
        seen.add(version)
        parent = known.get(version)
        if parent is None:
            chain.append(translate("Models", "{version} (not registered here)").format(version=version))
            break
        chain.append(f"{parent.name} {parent.version}, {parent.lineage_note}")
        version = parent.parent
    return tuple(chain)


def empty_words() -> str:
    """What to do where no model is registered yet."""
    return translate(
        "Models",
        "No model is registered yet. Import a model (I), or start the line once: it registers the shipped one.",
    )
