"""Masks in files of their own, and as run lengths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np

from tests.labelled import write_text
from tests.sets.outlines import counts_of
from tests.sets.parts import (
    Part,
    Truth,
    Written,
    draw_parts,
    respelt,
    write_any_mask,
    write_lost_mask,
    write_part,
)
from trainer.formats.published.severstal import class_name

_KINDS = ("ok", "defect")


def write_masks(folder: Path, draw: Random) -> Written:
    """images/ and masks/, with a word behind the mask's name or none."""
    written = Written("masks")
    for number, part in enumerate(draw_parts(draw, turned=True)):
        picture = write_part(folder / "images", part, number)
        word = draw.choice(("", "", "_mask", "_gt", "_GT", "-mask"))
        path = folder / "masks" / f"{respelt(draw, part.stem)}{word}{draw.choice(('.png', '.bmp', '.tif', '.PNG'))}"
        _write_one(written, picture.relative_to(folder).as_posix(), path, part, draw)
    if draw.random() < 0.3:
        write_any_mask(folder / "masks" / "gone.png", np.eye(24, dtype=np.uint8), draw)
        written.unused += 1
    return written


def write_kolektor(folder: Path, draw: Random) -> Written:
    """KolektorSDD's items, or the parts of KolektorSDD2."""
    written = Written("kolektor")
    second = draw.random() < 0.5
    for number, part in enumerate(draw_parts(draw, turned=True)):
        own = draw.choice(("train", "test"))
        picture = write_part(folder / (own if second else f"kos{number % 3:02}"), part, number)
        suffix = "_GT.png" if second else draw.choice(("_label.png", "_label.bmp"))
        key = picture.relative_to(folder).as_posix()
        _write_one(written, key, picture.with_name(part.stem + suffix), part, draw, own if second else "")
    if draw.random() < 0.3:
        place = folder / "test" / "gone_GT.png" if second else folder / "kos01" / "Part77_label.bmp"
        write_any_mask(place, np.eye(24, dtype=np.uint8), draw)
        written.unused += 1
    return written


def _write_one(written: Written, key: str, path: Path, part: Part, draw: Random, own: str = "") -> None:
    """Its mask, where it is said something of; a lost one leaves the picture out."""
    if part.lost:
        write_lost_mask(path, part.mask(), draw)
    elif part.things or part.said:
        write_any_mask(path, part.mask(), draw)
        if part.held == 1:
            written.truths[key] = Truth(_KINDS[bool(part.things)], mask=part.mask(), part=own)
    written.unused += bool(part.lost) or (part.held > 1 and bool(part.things or part.said))


def write_magnetic(folder: Path, draw: Random) -> Written:
    """A folder a class; where a mask cannot be used, only the class is known."""
    written = Written("magnetic-tile")
    for number, part in enumerate(draw_parts(draw, ("Crack", "Blowhole"), turned=True)):
        # Only JPEGs have their masks beside them by this layout.
        part = replace(part, name=f"{part.stem}.jpg", things=part.things[:1])
        kind = part.things[0].label if part.things else "Free"
        picture = write_part(folder / f"MT_{kind}" / "Imgs", part, number)
        if part.lost:
            write_lost_mask(picture.with_suffix(".png"), part.mask(), draw)
        elif part.things or part.said:
            write_any_mask(picture.with_suffix(".png"), part.mask(), draw)
        there = bool(part.lost or part.things or part.said)
        drawn = there and not part.lost and part.held == 1
        written.unused += there and not drawn
        key = picture.relative_to(folder).as_posix()
        written.truths[key] = Truth(kind, mask=part.mask() if drawn else None)
    if draw.random() < 0.3:
        write_any_mask(folder / "MT_Free" / "Imgs" / "gone.png", np.eye(24, dtype=np.uint8), draw)
        written.unused += 1
    return written


def write_severstal(folder: Path, draw: Random) -> Written:
    """Both layouts, with the signs that spreadsheets put between."""
    written = Written("severstal")
    place = draw.choice(("train_images", "images", "."))
    between = draw.choice((",", ";", "\t"))
    joined = draw.random() < 0.5
    rows: list[list[str]] = []
    for number, part in enumerate(draw_parts(draw, [str(n) for n in range(1, 7)], turned=True)):
        picture = write_part(folder / place, part, number)
        name = part.name if "ß" in part.name else draw.choice((part.name, part.name.upper()))
        own = [_row(joined, name, thing.label, _runs(part, thing.box)) for thing in part.things]
        own += [_row(joined, name, *_lost(draw)) for _ in range(part.lost)]
        if not own and part.said:
            own.append(_row(joined, name, "1", ""))
        draw.shuffle(own)
        rows += own
        _expect(written, picture.relative_to(folder).as_posix(), part)
    if draw.random() < 0.3:
        rows += [_row(joined, "gone.jpg", "1", "1 1"), _row(joined, "nothing.jpg", "1", "")]
        written.unused += 1
    head = ["ImageId_ClassId", "EncodedPixels"] if joined else ["ImageId", "ClassId", "EncodedPixels"]
    lines = [between.join(row) for row in (head, *rows)]
    write_text(folder / "train.csv", draw.choice(("", "\ufeff")) + "\n".join(lines) + "\n")
    return written


def _expect(written: Written, key: str, part: Part) -> None:
    """The lowest class is the label; runs on a turned picture are not used at all."""
    if part.things and part.held > 1:
        written.unused += part.lost + 1
        return
    written.expect(key, part)
    if part.things:
        labels = [class_name(n) for n in sorted(int(thing.label) for thing in part.things)]
        written.truths[key] = Truth(labels[0], frozenset(labels[1:]), written.truths[key].mask)


def _row(joined: bool, name: str, number: str, runs: str) -> list[str]:
    return [f"{name}_{number}", runs] if joined else [name, number, runs]


def _lost(draw: Random) -> tuple[str, str]:
    return draw.choice((("9", "5 3 9"), ("9", "x"), ("9", "0 3"), ("0", "1 1"), ("100", "1 1"), ("9", "5 0")))


def _runs(part: Part, box: tuple[int, int, int, int]) -> str:
    mask = np.zeros(part.size, bool)
    mask[box[1] : box[3] + 1, box[0] : box[2] + 1] = True
    counts = counts_of(mask)
    ends = np.cumsum(counts)
    return " ".join(f"{ends[n - 1] + 1} {counts[n]}" for n in range(1, len(counts), 2))
