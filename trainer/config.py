"""Typed training settings: a preset (presets/*.toml), changed by --set KEY=VALUE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.errors import InputError, UsageError
from engine.preprocessing.input_spec import InputSpec
from engine.system.texts import parse_toml, read_text
from trainer.split import SplitRule

MAX_PRESET_BYTES = 1 << 20
MAX_SEED = (1 << 32) - 1
"""NumPy's legacy seeds go no further."""
MAX_EPOCHS = 100_000
MAX_SAMPLES = 1_000_000_000
MAX_WEIGHT = 1e6
PRESETS = Path(__file__).resolve().parent / "presets"


class TrainConfig(BaseModel):
    """Everything that shapes a training, with the defaults of a plain one. Sizes are height × width in pixels."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    description: str = ""
    kind: Literal["classifier", "segdec"]
    architecture: str
    head: Literal["softmax", "sigmoid", "binary"] = "softmax"
    """softmax: classes exclude each other; sigmoid: several may hold; binary: two classes told apart by one logit."""
    weights: str = "none"
    """`none`, `imagenet` (Lite0's come with Lineside) or a state dict's file; --weights overrides."""
    height: int = Field(224, ge=8, le=4096)
    width: int = Field(224, ge=8, le=4096)
    channels: Literal[1, 3] = 3
    resize: Literal["stretch", "letterbox"] = "stretch"
    ok_classes: list[str] = Field(default_factory=list)
    """Names of the sound classes; empty = recognised by name."""

    validation_fraction: float = Field(0.15, ge=0.0, lt=1.0)
    test_fraction: float = Field(0.15, ge=0.0, lt=1.0)
    folds: int = Field(0, ge=0, le=100)
    fold: int = Field(0, ge=0, le=100)
    validation_from: Literal["train", "test-half"] = "train"
    split: Literal["stratified", "torch-random"] = "stratified"
    """stratified: by group, classes alike; torch-random: torch's `random_split`, test first (the GC10 publication)."""
    split_seed: int = Field(-1, ge=-1, le=MAX_SEED)
    """The split's own seed, so that trainings with several seeds share one split; -1 = `seed`."""
    leaks: Literal["drop", "refuse", "allow"] = "drop"
    """Copies of held-out pictures in the training part: left out, refused, or kept because it was asked for."""
    seed: int = Field(42, ge=0, le=MAX_SEED)

    epochs: int = Field(20, ge=1, le=MAX_EPOCHS)
    patience: int = Field(0, ge=0, le=MAX_EPOCHS)
    """Epochs without a better validation loss before it stops; 0 = never."""
    keep: Literal["best", "last"] = "best"
    select: Literal["loss", "accuracy", "macro_f1", "ap"] = "loss"
    """What tells the best epoch, on the validation part."""
    budget_seconds: float = Field(0.0, ge=0.0, le=1e8)
    """The epochs end when the next one would exceed this time; 0 = no limit. A resumed run counts anew."""
    batch: int = Field(32, ge=1, le=65_536)
    samples_per_epoch: int = Field(0, ge=0, le=MAX_SAMPLES)
    """0 = as many as the training part has."""
    sampling: Literal["plain", "balanced", "weighted"] = "plain"
    """plain: each picture once; balanced: as many sound as defective, kinds alike; weighted: every class alike."""
    class_weights: Literal["none", "balanced"] = "none"
    """balanced: the loss weighs each class by how rare it is in the training part."""
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: float = Field(1e-3, gt=0.0, le=100.0)
    weight_decay: float = Field(0.0, ge=0.0, le=100.0)
    schedule: Literal["none", "cosine", "onecycle"] = "none"
    label_smoothing: float = Field(0.0, ge=0.0, lt=1.0)
    average: float = Field(0.0, ge=0.0, lt=1.0)
    """Decay per step of a running average of the weights that is validated and kept; 0 = none."""
    precision: Literal["auto", "32", "bf16"] = "auto"
    threads: int = Field(0, ge=0, le=1024)
    devices: int = Field(0, ge=0, le=1024)
    """Graphics cards, or processes where there is none; 0 = every card, or one process."""
    nodes: int = Field(1, ge=1, le=1024)
    freeze: int = Field(0, ge=0, le=12)
    """So many first stages of the network stay as they are."""
    frozen_views: int = Field(0, ge=0, le=64)
    """With frozen stages: their output is computed once for so many augmented views of each picture; 0 = every step."""
    tensorboard: bool = False
    """Curves for TensorBoard in the run's folder."""
    members: list[str] = Field(default_factory=list)
    """Architectures trained one after the other and combined into one ensemble; `architecture` is then the first."""

    flip_horizontal: bool = False
    flip_vertical: bool = False
    turn: bool = False
    """Quarter turns; of an input that is not square, all pictures of a batch alike (seg-decision networks only)."""
    shift: float = Field(0.0, ge=0.0, le=0.5)
    rotate: float = Field(0.0, ge=0.0, le=180.0)
    """Degrees, to either side."""
    zoom: float = Field(0.0, ge=0.0, le=0.5)
    """Share by which a picture grows or shrinks."""
    elastic: float = Field(0.0, ge=0.0, le=0.1)
    """Smooth random displacement (Simard et al. 2003), standard deviation as a share of the picture's height."""
    exposure: float = Field(0.0, ge=0.0, le=1.5)
    """Light multiplied by e^-x … e^x, clipped as a sensor clips."""
    gamma: float = Field(0.0, ge=0.0, le=1.0)
    """Tone curve p^(e^-x … e^x)."""
    clahe: float = Field(0.0, ge=0.0, le=1.0)
    """Probability of local contrast equalisation."""
    blur: float = Field(0.0, ge=0.0, le=4.0)
    """Largest standard deviation of a Gaussian blur, in pixels; half the pictures stay sharp."""
    jpeg: float = Field(0.0, ge=0.0, le=1.0)
    """Probability of JPEG compression (quality 40…95): hides which pictures came from JPEG files."""
    glare: float = Field(0.0, ge=0.0, le=1.0)
    """Probability of a soft bright spot."""
    brightness: float = Field(0.0, ge=0.0, le=1.0)
    contrast: float = Field(0.0, ge=0.0, le=1.0)
    noise: float = Field(0.0, ge=0.0, le=1.0)

    stages: Literal["end-to-end", "two-stage"] = "end-to-end"
    segmentation_epochs: int = Field(0, ge=0, le=MAX_EPOCHS)
    """Two-stage only: epochs on the map before the decision is taught with the map frozen."""
    segmentation_loss: Literal["bce", "mse"] = "bce"
    dice: float = Field(0.5, ge=0.0, le=MAX_WEIGHT)
    """Weight of the soft Dice loss beside the map's cross-entropy; the publication has none."""
    segmentation_weight: float = Field(1.0, ge=0.0, le=MAX_WEIGHT)
    positive_weight: float = Field(1.0, gt=0.0, le=MAX_WEIGHT)
    window_epochs: int = Field(0, ge=0, le=MAX_EPOCHS)
    """Not two-stage: so many first epochs on windows, four of each picture whose mask is known. Small defects fill more
    of a window, so the map learns from fewer pictures; the last epochs see whole ones."""
    window_parts: Literal[2, 4] = 2
    """A window's sides are the picture's divided by this."""
    dilate: int = Field(0, ge=0, le=1024)
    """Masks grow by this many input pixels to every side: 0, 2, 4, 6, 8 are the five annotations of the publication."""

    threshold: str = "best_f1"
    """`best_f1` on validation where it is surely better there than 0.5 (McNemar, 5 %), `recall:0.99`, a number, or
    `between`: halfway between the typical scores of sound and defective parts, for a handful of them."""
    critical: list[str] = Field(default_factory=list)
    """Defects that must never escape: judged first, each with a threshold of its own that catches them all."""
    critical_recall: float = Field(1.0, gt=0.0, le=1.0)
    """Share of each critical class that its threshold must catch on the validation part."""
    review_margin: float = Field(0.0, ge=0.0, lt=0.5)
    """0: no REVIEW. Else it reaches as far around the threshold as the held-out scores spread; this far to each side
    where too few are held out."""
    map_threshold: float = Field(0.5, gt=0.0, lt=1.0)

    int8: bool = True
    """Quantise the graph too where NNCF is installed, and keep that graph where its verdicts agree."""

    distil_temperature: float = Field(3.0, gt=0.0, le=100.0)
    """Distillation: what softens the scores of teacher and student."""
    distil_alpha: float = Field(0.7, ge=0.0, le=1.0)
    """Distillation: weight of the teacher; the labels have the rest."""

    replay: int = Field(600, ge=0, le=MAX_SAMPLES)
    """Fine-tuning: how many of the parent's pictures are repeated."""
    correction_share: float = Field(0.4, gt=0.0, le=1.0)
    """Fine-tuning with replay: share of each batch that is new."""

    @model_validator(mode="after")
    def _fits(self) -> TrainConfig:
        if self.folds and self.fold >= self.folds:
            raise ValueError("fold must be below folds")
        if self.turn and self.height != self.width and self.kind != "segdec":
            raise ValueError("turn needs height = width")
        if self.frozen_views and not self.freeze:
            raise ValueError("frozen_views needs freeze")
        if (
            self.threshold not in {"best_f1", "between"}
            and not 0.0 <= float(self.threshold.removeprefix("recall:")) <= 1.0
        ):
            raise ValueError("threshold must be from 0 to 1")
        return self

    @property
    def input(self) -> InputSpec:
        """The model's input."""
        return InputSpec(height=self.height, width=self.width, channels=self.channels, resize=self.resize)

    @property
    def rule(self) -> SplitRule:
        """How the data set is split."""
        return SplitRule(
            validation=self.validation_fraction,
            test=self.test_fraction,
            folds=self.folds,
            fold=self.fold,
            validation_from=self.validation_from,
            seed=self.seed if self.split_seed < 0 else self.split_seed,
            method=self.split,
            leaks=self.leaks,
        )


def preset_names() -> list[str]:
    """The presets there are."""
    return sorted(p.stem for p in PRESETS.glob("*.toml"))


def load_config(preset: str, settings: Sequence[str] = (), given: Mapping[str, Any] | None = None) -> TrainConfig:
    """A preset with `KEY=VALUE` settings on top, and values `given` by code above both. Raises UsageError."""
    values = _read_preset(preset)
    values.update(parse_settings(settings))
    values.update(given or {})
    try:
        return TrainConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"The setting {key or 'given'} cannot be used: {first['msg']}.", "Give another value with --set."
        ) from error


def _read_preset(preset: str) -> dict[str, Any]:
    """A preset by its name, or a TOML file in a preset's form, such as a tuning's best.toml."""
    path = Path(preset) if preset.lower().endswith(".toml") else PRESETS / f"{preset}.toml"
    if path.suffix != ".toml" or path.parent != PRESETS:
        if not path.is_file():
            raise UsageError(f"There is no preset file {preset}.", "Check the path.")
    elif preset not in preset_names():
        raise UsageError(f"There is no preset {preset!r}.", f"Choose one of {', '.join(preset_names())}.")
    shown = f"The preset file {preset}"
    return parse_toml(read_text(path, MAX_PRESET_BYTES, shown, UsageError), shown, UsageError)


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """`KEY=VALUE` texts as values: TOML where it is TOML, comma lists for lists, else the text itself."""
    values: dict[str, Any] = {}
    for text in settings:
        key, equals, raw = text.partition("=")
        key = key.strip()
        if not equals or key not in TrainConfig.model_fields:
            valid = ", ".join(sorted(TrainConfig.model_fields))
            raise UsageError(f"There is no setting {key!r}.", f"Valid ones: {valid}.")
        values[key] = _value(key, raw.strip())
    return values


def _value(key: str, raw: str) -> Any:
    annotation = TrainConfig.model_fields[key].annotation
    if annotation == list[str]:
        return [part.strip() for part in raw.strip("[]").replace('"', "").split(",") if part.strip()]
    if annotation is str or (get_origin(annotation) is Literal and raw in get_args(annotation)):
        return raw
    try:
        return parse_toml(f"value = {raw}", key)["value"]
    except InputError:
        return raw
