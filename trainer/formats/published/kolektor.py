"""The layout of KolektorSDD: item folders with PartN.jpg beside PartN_label.png (or .bmp); 255 = defect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.domain.inspection import Mask, Pixels
from engine.errors import DatasetError
from engine.packages.package import sha256_of
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset, unseen_notes
from trainer.formats.samples.mask_files import KINDS, read_mask
from trainer.formats.samples.pictures import check_size, pictures_of, with_mask

LABEL_SUFFIXES = ("_label.png", "_label.bmp")


def looks_like(folder: Path) -> bool:
    """True when some item folder holds a picture with a label picture beside it."""
    items = (p for p in folder.iterdir() if p.is_dir())
    return any(item.glob(f"*{suffix}") for item in items for suffix in LABEL_SUFFIXES if any(item.glob(f"*{suffix}")))


def open_kolektor(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture that has its label picture; `defect` where any pixel of it is set, else `ok`; group = item."""
    samples = []
    for path in pictures_of(folder):
        label = _label_of(path)
        if label is None:
            continue
        mask = read_mask(label)
        check_size(f"The mask {label}", (mask.shape[0], mask.shape[1]), path)
        kind = "defect" if mask.any() else "ok"
        key = path.relative_to(folder).as_posix()
        group = path.parent.relative_to(folder).as_posix()
        samples.append(Sample(key, kind, group, _reading(path, label), True, digest=sha256_of(path), path=path))
    if not samples:
        raise DatasetError(
            f"{folder} holds no picture with a _label picture beside it.", "Keep each mask as PartN_label.png."
        )
    # Of one kind only, it can still be judged; what is taught needs both.
    notes = unseen_notes(KINDS, (s.label for s in samples))
    return make_dataset(folder.resolve().name, "kolektor", samples, ok_classes, folder, KINDS, notes=notes)


def _reading(path: Path, label: Path) -> Callable[[], tuple[Pixels, Mask | None]]:
    return with_mask(path, lambda *_: read_mask(label))


def _label_of(path: Path) -> Path | None:
    candidates = (path.with_name(path.stem + suffix) for suffix in LABEL_SUFFIXES)
    return next((c for c in candidates if c.is_file()), None)
