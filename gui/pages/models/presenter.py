"""What the Models page knows, read on a job, and its rules: which model is meant, and what an act comes to now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from db.datasets.export import waiting
from db.datasets.gates import GateDecision, gates
from db.models.files import OnDisk, kept
from db.models.registry import Activation, ModelVersion, activations, list_models
from db.products.shelf import Product, list_products
from db.store.session import Database
from engine.packages.manifest import Manifest
from engine.packages.package import open_package
from gui.i18n.language import number, translate


@dataclass(frozen=True, slots=True)
class Found:
    """What the page reads at once."""

    models: tuple[ModelVersion, ...] = ()
    activations: tuple[Activation, ...] = ()
    gates: tuple[GateDecision, ...] = ()
    disk: Mapping[str, OnDisk] | None = None
    waiting: int = 0
    product: str = ""
    """Whose they are, by its id."""
    products: tuple[Product, ...] = ()
    """In use."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the report of one version is made of. `chain`: its ancestors, nearest first."""

    model: ModelVersion
    manifest: Manifest
    disk: OnDisk
    chain: tuple[str, ...]
    gates: tuple[GateDecision, ...]
    past: tuple[Activation, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """How the teaching stands. `shown`: it is on screen, not the list; `candidate`: the version that waits for a
    decision; `tried`: the gate has found out what it gains and loses."""

    shown: bool = False
    busy: bool = False
    at_gate: bool = False
    percent: int | None = None
    candidate: str = ""
    tried: bool = False


@dataclass(frozen=True, slots=True)
class Buttons:
    """Which acts there are. `own`: those with the chosen model alone; `urgent`: teaching is what matters now."""

    activate: bool
    gate: bool
    roll_back: bool
    own: bool
    urgent: bool
    teach: str


class ModelsPresenter:
    """The models as they were read last, and what follows of how they stand."""

    def __init__(self, wanted: str) -> None:
        self.found = Found()
        self.wanted = wanted
        """The version the mark goes to once it is listed; empty = it stays where it is."""

    @property
    def active(self) -> str:
        """The version in use; empty = none is."""
        return next((m.version for m in self.found.models if m.state == "active"), "")

    def take(self, found: Found, now: str) -> str:
        """The models anew; the version the mark goes to. `now`: the one it is on; empty = on none."""
        self.found = found
        listed = any(m.version == self.wanted for m in found.models)
        marked = self.wanted if listed else now or self.active
        self.wanted = ""
        return marked

    def report(self, model: ModelVersion, manifest: Manifest) -> Report:
        """All there is to say of one version."""
        found = self.found
        ran = tuple(gate for gate in found.gates if gate.candidate == model.version)
        disk = (found.disk or {}).get(model.version, OnDisk())
        return Report(model, manifest, disk, chain_of(model, found.models), ran, found.activations)

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @staticmethod
    def teach(flow: Flow) -> Literal["next", "begin", "show"]:
        """In the flow its next step; from the list a new beginning, unless something is under way or waits."""
        if flow.shown:
            return "next"
        return "show" if flow.busy or flow.candidate else "begin"

    @staticmethod
    def judge(flow: Flow, model: ModelVersion | None) -> Literal["again", "active", "gate", ""]:
        """In the flow the gate runs again; from the list the chosen model goes there, unless it is the active one."""
        if flow.shown and flow.candidate:
            return "again"
        if flow.busy or flow.shown or model is None:
            return ""
        return "active" if model.state == "active" else "gate"

    @staticmethod
    def activate(flow: Flow, model: ModelVersion | None) -> Literal["flow", "none", "active", "decide", "ask"]:
        """In the flow it is the new one; in the list the chosen one, and one whose gate ran is decided there."""
        if flow.shown:
            return "flow"
        if model is None:
            return "none"
        if model.state == "active":
            return "active"
        return "decide" if flow.tried and flow.candidate == model.version else "ask"

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def buttons(self, flow: Flow, model: ModelVersion | None) -> Buttons:
        """For the chosen model."""
        other = model is not None and model.state != "active"
        return Buttons(
            activate=other,
            gate=other and not flow.busy,
            roll_back=len({a.version for a in self.found.activations}) > 1,
            own=model is not None,
            urgent=bool(self.found.waiting or flow.busy or flow.candidate),
            teach=self._teach_words(flow),
        )

    def _teach_words(self, flow: Flow) -> str:
        if flow.at_gate:
            return translate("Models", "The gate runs: show")
        if flow.busy:
            percent = "…" if flow.percent is None else f" {number(flow.percent)} %"
            return translate("Models", "Training{percent}: show").format(percent=percent)
        if flow.candidate:
            return translate("Models", "A new model waits for your decision: show")
        if self.found.waiting:
            return translate("Models", "%n correction(s) wait: teach the model", "", self.found.waiting)
        return translate("Models", "Teach the model")


def find_all(db: Database, product: Product) -> Found:
    """Everything of a product, in one go. Blocking."""
    models = list_models(db, product.id)
    disk = {model.version: kept(db, model) for model in models}
    known = tuple(other for other in list_products(db) if not other.retired or other.id == product.id)
    wait = waiting(db, product.on_record)
    return Found(models, activations(db, product.id), gates(db), disk, wait, product.id, known)


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
