"""MVTec AD, VisA and DAGM, with masks as other tools save them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from random import Random

import numpy as np

from tests.labelled import write_text
from tests.sets.parts import Part, Truth, Written, draw_parts, respelt, write_any_mask, write_lost_mask, write_part

_KINDS = ("scratch", "deep, pit", "Riß")


def write_mvtec(folder: Path, draw: Random) -> Written:
    """A folder a kind; a defect may have no mask."""
    written = Written("mvtec")
    (folder / "ground_truth").mkdir(parents=True)
    (folder / "test").mkdir()
    for number, part in enumerate(draw_parts(draw, _KINDS, turned=True)):
        kind = part.things[0].label if part.things else "good"
        own = "test" if part.things else draw.choice(("train", "test"))
        picture = write_part(folder / own / kind, part, number)
        key = picture.relative_to(folder).as_posix()
        if not part.things:
            written.truths[key] = Truth(kind, mask=part.mask(), part=own)
            continue
        name, place = respelt(draw, part.stem), folder / "ground_truth" / kind
        path = draw.choice((place / f"{name}_mask.png", place / f"{name}.png", place / name / "000.png"))
        if part.said or part.lost:
            _drawn(written, key, kind, path, part, draw, own)
        else:
            written.truths[key] = Truth(kind, part=own)
    if draw.random() < 0.3:
        write_any_mask(folder / "ground_truth" / "scratch" / "gone_mask.png", np.eye(24, dtype=np.uint8), draw)
        written.unused += 1
    return written


def write_visa(folder: Path, draw: Random) -> Written:
    """Its list of pictures; some are not in it."""
    written, rows = Written("visa"), [["image", "label", "mask"]]
    split = [["object", "split", "label", "image", "mask"]]
    for number, part in enumerate(draw_parts(draw, ("scratch", "deep pit", "Riß"), turned=True)):
        kind = "Anomaly" if part.things else "Normal"
        picture = write_part(folder / "pcb1" / "Data" / "Images" / kind, part, number)
        if number > 2 and not (part.things or part.lost or part.said):
            continue
        named = picture.relative_to(folder).as_posix()
        own = draw.choice(("train", "test"))
        labels = [thing.label for thing in part.things] or ["normal"]
        mask = f"pcb1/Data/Masks/Anomaly/{part.stem}.png" if part.things else ""
        rows.append([named, ",".join(labels), mask])
        split.append(["pcb1", own, labels[0], named, mask])
        key = named.removeprefix("pcb1/")
        if part.things:
            _drawn(written, key, labels[0], folder / mask, part, draw, own, labels[1:])
        else:
            written.truths[key] = Truth("normal", mask=part.mask(), part=own)
    if draw.random() < 0.3:
        rows.append(["pcb1/Data/Images/Anomaly/gone.JPG", "scratch", ""])
        written.unused += 1
    _write_csv(folder / "pcb1" / "image_anno.csv", rows)
    _write_csv(folder / "split_csv" / "1cls.csv", split)
    return written


def write_dagm(folder: Path, draw: Random) -> Written:
    """Some textures; what has no mask is sound for want of it."""
    written = Written("dagm")
    (folder / "Class1" / "Train" / "Label").mkdir(parents=True)
    for number, part in enumerate(draw_parts(draw, turned=True)):
        own = draw.choice(("train", "test"))
        place = folder / f"Class{draw.randint(1, 2)}" / own.title()
        (place / "Label").mkdir(parents=True, exist_ok=True)
        picture = write_part(place, part, number)
        key = picture.relative_to(folder).as_posix()
        if part.things or part.lost:
            path = place / "Label" / f"{respelt(draw, part.stem)}_label.png"
            _drawn(written, key, "defect", path, part, draw, own)
        else:
            written.truths[key] = Truth("ok", mask=part.mask(), part=own)
            written.assumed += 1
    if draw.random() < 0.3:
        write_any_mask(folder / "Class1" / "Train" / "Label" / "gone_label.png", np.eye(24, dtype=np.uint8), draw)
        written.unused += 1
    return written


def _drawn(
    written: Written, key: str, kind: str, path: Path, part: Part, draw: Random, own: str, also: list[str] | None = None
) -> None:
    """A mask that cannot be used, be it that its picture is turned, leaves the picture out."""
    if part.lost:
        write_lost_mask(path, part.mask(), draw)
    else:
        write_any_mask(path, part.mask(), draw)
    if part.lost or part.held > 1:
        written.unused += 1
    else:
        written.truths[key] = Truth(kind, frozenset(also or ()), part.mask(), own)


def _write_csv(path: Path, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    write_text(path, text.getvalue())
