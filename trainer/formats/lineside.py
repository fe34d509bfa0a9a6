"""A Lineside export: dataset.json (engine.training.DatasetManifest), pictures/ and masks/. It may come from outside, so
every path must stay inside and every hash is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from engine.domain.inspection import Mask, Pixels
from engine.errors import DatasetError
from engine.images.pictures import read_picture
from engine.packages.package import sha256_of
from engine.training import DATASET_FILE, DATASET_SCHEMA, DatasetItem, DatasetManifest
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset, unseen_notes
from trainer.formats.samples.label_files import read_text
from trainer.formats.samples.mask_files import read_mask
from trainer.formats.samples.pictures import with_mask
from trainer.formats.samples.several import with_further_classes

_AGAIN = "Export the data set again."


def looks_like(folder: Path) -> bool:
    """True when there is a dataset.json."""
    return (folder / DATASET_FILE).is_file()


def open_lineside(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """The export's items in order. Raises DatasetError for a bad manifest, a path that escapes, another file."""
    manifest = _read_manifest(folder / DATASET_FILE)
    samples = with_further_classes([_sample(folder, item, manifest) for item in manifest.items], folder)
    sound = ok_classes or manifest.ok_classes
    classes = [*manifest.classes, *sound]
    notes = unseen_notes(classes, (name for s in samples for name in (s.label, *s.also)))
    made = sum(item.pseudo for item in manifest.items)
    if made:
        notes = (*notes, f"{made} of {len(manifest.items)} labels were made by a model.")
    return make_dataset(manifest.name, "lineside", samples, sound, folder, classes, notes=notes)


def _read_manifest(path: Path) -> DatasetManifest:
    try:
        manifest = DatasetManifest.model_validate_json(read_text(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "file"
        raise DatasetError(f"{path} is not valid at {key}: {first['msg']}.", _AGAIN) from error
    if manifest.schema_version > DATASET_SCHEMA:
        raise DatasetError(f"{path} was made by a newer Lineside.", "Update this one.")
    return manifest


def _sample(folder: Path, item: DatasetItem, manifest: DatasetManifest) -> Sample:
    if item.label not in manifest.classes:
        raise DatasetError(f"{item.path} has the label {item.label!r}, which is not among the classes.", _AGAIN)
    picture = _inside(folder, item.path)
    mask = _inside(folder, item.mask) if item.mask else None
    if sha256_of(picture) != item.sha256:
        raise DatasetError(f"{item.path} is not the picture that was exported: its hash differs.", _AGAIN)
    return Sample(
        key=item.path,
        label=item.label,
        group=item.group or item.path,
        load=_reading(picture, mask),
        has_mask=mask is not None,
        digest=item.sha256,
        path=picture,
    )


def _inside(folder: Path, name: str) -> Path:
    pure = PurePosixPath(name)
    path = folder.joinpath(*pure.parts)
    escapes = pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name
    if escapes or not path.resolve().is_relative_to(folder.resolve()):
        raise DatasetError(f"The data set names a file {name!r} outside itself.", "Do not use this data set.")
    if not path.is_file():
        raise DatasetError(f"The data set lacks {name}.", "Copy the whole data set again.")
    return path


def _reading(picture: Path, mask: Path | None) -> Callable[[], tuple[Pixels, Mask | None]]:
    if mask is None:
        return lambda: (read_picture(picture), None)
    return with_mask(picture, lambda *_: read_mask(mask), shown=False)
