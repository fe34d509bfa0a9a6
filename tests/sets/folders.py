"""Class folders, and Lineside's own exports."""

from __future__ import annotations

from pathlib import Path
from random import Random

from engine.packages.package import sha256_of
from engine.training import DATASET_FILE, DatasetItem, DatasetManifest
from tests.labelled import write_text
from tests.sets.parts import Truth, Written, draw_parts, write_any_mask, write_part


def write_imagefolder(folder: Path, draw: Random) -> Written:
    """Lots below the classes, parts above them, masks beside the pictures, and what lies about."""
    written = Written("imagefolder")
    names = {"train": "train", "Valid": "validation", "test": "test"} if draw.random() < 0.5 else {"": ""}
    for number, part in enumerate(draw_parts(draw, ("scratch", "NG pit"), turned=True)):
        top, own = draw.choice(list(names.items()))
        label = part.things[0].label if part.things else draw.choice(("ok", "Good"))
        place = folder / top / label / draw.choice(("", "lot1", "2026/lot 7", "test"))
        picture = write_part(place, part, number)
        written.truths[picture.relative_to(folder).as_posix()] = Truth(label, part=own)
        if draw.random() < 0.3:
            suffix = draw.choice(("_mask.png", "_GT.png", "_seg.bmp"))
            write_any_mask(picture.with_name(part.stem + suffix), part.mask(), draw)
            written.unused += 1
    for name in ("Thumbs/a.jpg", "loose.jpg", ".cache/b.jpg"):
        write_part(folder, draw_parts(draw)[0], 90).rename(_made(folder / name))
    return written


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_lineside(folder: Path, draw: Random) -> Written:
    """Its masks lie on the stored pixels, however the picture is to be held."""
    written, items = Written("lineside"), []
    for number, part in enumerate(draw_parts(draw, turned=True)):
        picture = write_part(folder / "pictures", part, number)
        key, label = picture.relative_to(folder).as_posix(), part.things[0].label if part.things else "ok"
        mask = folder / "masks" / f"{number}.png"
        drawn = bool(part.things) and part.said
        if drawn:
            write_any_mask(mask, part.mask(), draw)
        path = mask.relative_to(folder).as_posix() if drawn else None
        items.append(DatasetItem(path=key, sha256=sha256_of(picture), label=label, mask=path))
        written.truths[key] = Truth(label, mask=part.mask() if drawn else None)
    classes = sorted({item.label for item in items})
    manifest = DatasetManifest(
        schema=1, name="set", created_at="2026-01-01T00:00:00Z", classes=classes, ok_classes=["ok"], items=items
    )
    write_text(folder / DATASET_FILE, manifest.model_dump_json(by_alias=True))
    return written
