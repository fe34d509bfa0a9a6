"""manifest.json: what a model package says of itself. Schema 2; 1 is read too."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from engine.domain.inspection import Severity
from engine.names import MAX_NAME, name_of, short_name
from engine.preprocessing.input_spec import InputSpec

PACKAGE_SCHEMA = 2
MAX_COUNT = 1_000_000_000
MAX_SEED = (1 << 63) - 1
Text = Annotated[str, AfterValidator(name_of)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(short_name)]


class ClassSpec(BaseModel):
    """One class: `ok` classes are sound, all others are defects. Its own threshold goes before the model's."""

    name: Name
    role: Literal["ok", "defect"] = "defect"
    severity: Severity = Severity.MAJOR
    ng_at: float | None = Field(None, ge=0.0, le=1.0)


class MapSpec(BaseModel):
    """What the second output means, and from which value on (0…1) a `mask` becomes regions."""

    kind: Literal["cam", "mask", "none"] = "none"
    threshold: float = Field(0.5, gt=0.0, lt=1.0)


class LimitSpec(BaseModel):
    """The limits the model was judged with; a recipe may tighten them."""

    ng_at: float = Field(0.5, ge=0.0, le=1.0)
    review_from: float = Field(0.5, ge=0.0, le=1.0)
    review_to: float = Field(0.5, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _band_holds_threshold(self) -> LimitSpec:
        if not self.review_from <= self.ng_at <= self.review_to:
            raise ValueError("review_from ≤ ng_at ≤ review_to must hold")
        return self


class GuardSpec(BaseModel):
    """What the training pictures looked like (domain.Quality), widened by a margin; outside is not judged."""

    model_config = ConfigDict(allow_inf_nan=False)

    brightness: tuple[float, float]
    contrast_min: float = Field(ge=0.0)
    sharpness_min: float = Field(ge=0.0)
    clipped_max: float = Field(ge=0.0, le=1.0)
    novelty_max: float | None = Field(None, gt=0.0)
    """1.0 where the graph has the output `novelty`; None where it has none."""


class Int8Spec(BaseModel):
    """How the INT8 graph did against fp32 on pictures it was not calibrated with, and whether it may judge."""

    used: bool
    reason: str = ""
    """Why it is not used; empty when it is."""
    agreement: float = Field(0.0, ge=0.0, le=1.0)
    """Share of equal verdicts."""
    pictures: int = Field(0, ge=0, le=MAX_COUNT)
    held_out: int = Field(0, ge=0, le=MAX_COUNT)
    """So many of the pictures were held out; the others were taught, but not calibrated with."""
    critical_escapes_added: int = Field(0, ge=0, le=MAX_COUNT)
    method: str = ""
    versions: dict[str, str] = Field(default_factory=dict)


class MemberSpec(BaseModel):
    """One network of an ensemble; it scales the shared picture to its own input inside the graph."""

    architecture: str
    height: int = Field(ge=8, le=8192)
    width: int = Field(ge=8, le=8192)
    channels: Literal[1, 3]
    weight: float = Field(1.0, gt=0.0, allow_inf_nan=False)


class Lineage(BaseModel):
    """Where the model comes from, so that it can be made again."""

    model_config = ConfigDict(extra="allow")

    dataset: Text = ""
    """The data set's id: a name, or a `demo:` URI that makes it again."""
    dataset_sha256: str = ""
    dataset_path: Text = ""
    """Where it is kept, relative to the data folder; empty when it is not kept."""
    parent: Text = ""
    """Version of the package it was fine-tuned from."""
    product: Text = ""
    """Whose parts it was made to judge, by the name the product had then; empty = nobody said."""
    preset: Text = ""
    seed: int = Field(0, ge=-MAX_SEED, le=MAX_SEED)
    command: Text = ""
    trained_at: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)


class Manifest(BaseModel):
    """manifest.json. Unknown keys are kept; a newer schema is refused."""

    model_config = ConfigDict(extra="allow")

    schema_version: int = Field(PACKAGE_SCHEMA, alias="schema", ge=1)
    name: Name
    kind: Literal["classifier", "segdec", "anomaly"]
    architecture: str
    """An id of engine.networks.catalogue, `ensemble`, or `foreign` for a graph made elsewhere."""
    head: Literal["softmax", "sigmoid"] = "softmax"
    """softmax: classes exclude each other (a one-logit head is exported as two classes); sigmoid: several may hold."""
    classes: list[ClassSpec] = Field(min_length=2, max_length=1000)
    input: InputSpec
    map: MapSpec = MapSpec()
    thresholds: LimitSpec = LimitSpec()
    guard: GuardSpec | None = None
    int8: Int8Spec | None = None
    members: list[MemberSpec] = Field(default_factory=list)
    """Of an ensemble, in the order of its weights file."""
    calibration: dict[str, Any] = Field(default_factory=dict)
    """temperature; ece before and after; reliability: bins of [mean confidence, share right, count]."""
    metrics: dict[str, Any] = Field(default_factory=dict)
    """On the held-out part: accuracy, macro_f1, micro_f1, kappa, ap, auroc, per_class, confusion, threshold."""
    lineage: Lineage = Lineage()
    files: dict[str, str] = Field(default_factory=dict)
    """sha256 of every other file of the package."""

    @field_validator("calibration")
    @classmethod
    def _temperature_is_a_number(cls, given: dict[str, Any]) -> dict[str, Any]:
        temperature = given.get("temperature", 1.0)
        if isinstance(temperature, bool) or not isinstance(temperature, int | float) or not 0 < temperature <= 1e6:
            raise ValueError("temperature must be a number over 0")
        return given

    @model_validator(mode="after")
    def _names_differ(self) -> Manifest:
        names = [c.name for c in self.classes]
        if len(set(names)) != len(names):
            raise ValueError("classes must have different names")
        return self

    @property
    def class_names(self) -> tuple[str, ...]:
        """All classes in the graph's order."""
        return tuple(c.name for c in self.classes)

    @property
    def ok_classes(self) -> tuple[str, ...]:
        """The sound classes; may be empty (every class is a defect)."""
        return tuple(c.name for c in self.classes if c.role == "ok")
