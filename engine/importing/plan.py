"""What is made of a model from elsewhere: what it shows of itself, and what only its owner knows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.domain.sound_names import is_sound
from engine.errors import UsageError
from engine.importing.inspect import Foreign, Kind, Port, channels_in, is_map, is_vector, values_in

Scale = Literal["0-1", "0-255", "-1-1", "imagenet"]
Colour = Literal["rgb", "bgr", "grey"]
Activation = Literal["auto", "none", "softmax", "sigmoid"]
Resize = Literal["stretch", "letterbox"]

_SCALES: dict[Scale, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "0-1": ((0.0,), (1.0,)),
    "0-255": ((0.0,), (1 / 255.0,)),
    "-1-1": ((0.5,), (0.5,)),
    # torchvision's figures for its ImageNet weights, red first
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the owner of a model says of it; whatever is left out is guessed, or asked for by its flag."""

    name: str = ""
    kind: Kind | None = None
    classes: tuple[str, ...] = ()
    """In the order of the model's scores."""
    ok: tuple[str, ...] | None = None
    """Which of them are sound; None = by their names, () = every class is a defect."""
    height: int | None = None
    width: int | None = None
    scale: Scale | None = None
    mean: tuple[float, ...] = ()
    """Of pictures in 0…1, in the model's channel order; goes before `scale`."""
    std: tuple[float, ...] = ()
    colour: Colour | None = None
    """The model's channel order; None = rgb for three channels."""
    resize: Resize = "stretch"
    scores: str = ""
    """The output with the scores; empty = as found."""
    map: str = ""
    activation: Activation = "auto"
    limit: float | None = None
    """The raw anomaly score from which a part is a defect: scores and map are divided by twice it."""
    ng_at: float = 0.5
    map_threshold: float = 0.5
    reference: Path | None = None
    """Folder of sound pictures: the model is tried on them, and they set what a fit picture looks like."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything settled that can be before the model has run once."""

    kind: Kind
    classes: tuple[str, ...]
    ok: tuple[str, ...]
    height: int
    width: int
    channels: Literal[1, 3]
    """Of the picture the station gives: 3 = BGR."""
    rgb: bool
    mean: tuple[float, ...]
    """Per channel of the model, of pictures in 0…1."""
    std: tuple[float, ...]
    scores: str
    map: str
    activation: Activation
    limit: float | None


def check_numbers(options: ImportOptions) -> None:
    """Raises UsageError for a number that cannot be."""
    if not 0.0 <= options.ng_at <= 1.0:
        raise UsageError(f"A threshold of {options.ng_at} is not possible.", "Give --ng-at from 0 to 1.")
    if not 0.0 < options.map_threshold < 1.0:
        raise UsageError(f"A map threshold of {options.map_threshold} is not possible.", "Give one between 0 and 1.")
    if options.limit is not None and not 0.0 < options.limit < math.inf:
        raise UsageError(f"A limit of {options.limit} is not possible.", "Give --limit above 0.")
    if not all(map(math.isfinite, (*options.mean, *options.std))):
        raise UsageError("--mean and --std must be numbers.", "Correct them.")
    if any(len(text) > 100 for text in (options.name, *options.classes)):
        raise UsageError("A name is longer than 100 characters.", "Shorten it.")


def settle_size(foreign: Foreign, options: ImportOptions) -> tuple[int, int]:
    """Height and width in pixels. Raises UsageError where the model leaves them open and nobody says."""
    height, width = foreign.height or options.height, foreign.width or options.width
    if height is None or width is None:
        raise _missing(f"The model takes pictures of any size ({foreign.inputs[0]})", "--size HEIGHTxWIDTH")
    if (options.height or height, options.width or width) != (height, width) and not foreign.anomalib:
        raise UsageError(f"The model takes pictures of {height}×{width} only.", "Leave --size out.")
    if foreign.anomalib and None in foreign.inputs[0].shape[2:]:
        height, width = options.height or height, options.width or width
    if not (8 <= height <= 8192 and 8 <= width <= 8192):
        raise UsageError(f"A picture of {height}×{width} is not possible.", "Give --size from 8 to 8192.")
    return height, width


def settle(foreign: Foreign, options: ImportOptions) -> Plan:
    """The whole plan for a graph whose size is fixed. Raises UsageError naming the flag that is missing."""
    kind = options.kind or foreign.kind
    if kind is None:
        raise _missing(f"No use of the model's outputs is known ({_said(foreign)})", "--scores NAME or --map NAME")
    scores, maps = _outputs(foreign, options, kind)
    count = _count(scores or maps, foreign)
    classes = options.classes or _default_classes(kind, count, scores is None)
    _check_count(classes, count, kind, scores is not None)
    mean, std = _scaling(foreign, options)
    channels: Literal[1, 3] = 1 if foreign.channels == 1 or options.colour == "grey" else 3
    return Plan(
        kind=kind,
        classes=classes,
        ok=_sound(classes, options.ok),
        height=foreign.height or 0,
        width=foreign.width or 0,
        channels=channels,
        rgb=channels == 3 and options.colour != "bgr",
        mean=mean,
        std=std,
        scores=scores.name if scores else "",
        map=maps.name if maps else "",
        activation=options.activation,
        # Anomalib's post-processor puts its threshold at 0.5; a model exported without it gives raw scores.
        limit=options.limit or (0.5 if foreign.normalised else None),
    )


def _outputs(foreign: Foreign, options: ImportOptions, kind: Kind) -> tuple[Port | None, Port | None]:
    ports = {port.name: port for port in foreign.outputs}
    for flag, name in (("--scores", options.scores), ("--map", options.map)):
        if name and name not in ports:
            raise UsageError(f"The model has no output {name} ({_said(foreign)}).", f"Correct {flag}.")
    scores = ports.get(options.scores or foreign.scores)
    maps = ports.get(options.map or foreign.map)
    if scores is not None and not is_vector(scores.shape):
        raise UsageError(f"The output {scores} is not one score per class.", "Correct --scores.")
    if maps is not None and not is_map(maps.shape):
        raise UsageError(f"The output {maps} is not a map.", "Correct --map.")
    if kind == "classifier":
        maps = None
        if scores is None:
            raise UsageError(f"A classifier needs one score per class ({_said(foreign)}).", "Try --kind segdec.")
    elif kind == "segdec" and maps is None:
        raise UsageError(f"A segmentation needs a map ({_said(foreign)}).", "Try --kind classifier.")
    if scores is None and maps is None:
        raise _missing(f"The model gives neither scores nor a map ({_said(foreign)})", "--scores NAME or --map NAME")
    return scores, maps


def _count(port: Port | None, foreign: Foreign) -> int:
    assert port is not None
    shape = port.shape
    if None in shape:
        raise UsageError(f"The output {port} has no fixed size.", "Export the model for one picture of one size.")
    return int((values_in(shape) if is_vector(shape) else channels_in(shape, foreign)) or 1)


def _default_classes(kind: Kind, count: int, from_map: bool) -> tuple[str, ...]:
    if kind == "anomaly":
        return ("normal", "anomaly")
    if count == 1 or (count == 2 and from_map):
        return ("ok", "defect")
    what = f"The model's map has {count} channels" if from_map else f"The model gives {count} scores"
    raise _missing(what, "--classes with their names in its order, separated by commas")


def _check_count(classes: tuple[str, ...], count: int, kind: Kind, scored: bool) -> None:
    wanted = 2 if count == 1 or kind == "anomaly" else count
    what = "scores" if scored else "map channels"
    if kind == "anomaly" and count != 1:
        raise UsageError(f"An anomaly model gives one score, this one {count} {what}.", "Try --kind classifier.")
    if not 2 <= wanted <= 1000:
        raise UsageError(f"The model gives {count} {what}; up to 1,000 classes are possible.", "Choose another model.")
    if len(classes) != wanted or len(set(classes)) != wanted:
        raise UsageError(
            f"The model gives {count} {what}, --classes names {len(set(classes))} different classes.",
            f"Name {wanted}, sound first." if count == 1 else f"Name {wanted}.",
        )


def _sound(classes: tuple[str, ...], ok: tuple[str, ...] | None) -> tuple[str, ...]:
    if ok is None:
        found = tuple(name for name in classes if is_sound(name))
        if not found:
            raise _missing(f"Nothing says which of {', '.join(classes[:8])} is sound", "--ok NAME (or --ok none)")
        return found
    unknown = [name for name in ok if name not in classes]
    if unknown:
        raise UsageError(f"--ok names {unknown[0]}, which is no class of the model.", f"Use {', '.join(classes[:8])}.")
    return ok


def _scaling(foreign: Foreign, options: ImportOptions) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if options.mean or options.std:
        mean, std = options.mean or (0.0,), options.std or (1.0,)
    elif options.scale is not None:
        mean, std = _SCALES[options.scale]
    elif foreign.anomalib:
        mean, std = _SCALES["0-1"]
    elif foreign.inputs[0].type == "u8":
        mean, std = _SCALES["0-255"]
    else:
        raise _missing(
            f"Nothing says how pictures are scaled for {foreign.inputs[0]}", "--scale 0-1, 0-255 or imagenet"
        )
    if foreign.channels == 1 and len(mean) == 3 and not options.mean:
        mean, std = (sum(mean) / 3,), (sum(std) / 3,)
    if not {len(mean), len(std)} <= {1, foreign.channels} or min(std) <= 0:
        raise UsageError(f"--mean and --std need 1 or {foreign.channels} numbers, and --std above 0.", "Correct them.")
    if options.colour == "bgr" and options.scale == "imagenet" and not options.mean:
        mean, std = mean[::-1], std[::-1]
    return mean, std


def _said(foreign: Foreign) -> str:
    return "outputs: " + ", ".join(map(str, foreign.outputs[:6]))


def _missing(found: str, flag: str) -> UsageError:
    return UsageError(f"{found}: add {flag}.")
