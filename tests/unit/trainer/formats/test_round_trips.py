"""Every reader gives back the labels and places that were written, and names each label that it does not use."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from engine.errors import DatasetError
from tests.sets.boxes import write_gc10, write_voc, write_yolo
from tests.sets.folders import write_imagefolder, write_lineside
from tests.sets.mask_sets import write_kolektor, write_magnetic, write_masks, write_severstal
from tests.sets.outlines import write_coco, write_labelme
from tests.sets.parts import Written
from tests.sets.products import write_dagm, write_mvtec, write_visa
from tests.sets.tools import write_colour_masks, write_cvat, write_label_studio, write_manifest
from trainer.formats.detect import FORMATS, look_at_dataset, open_dataset

WRITERS: dict[str, Callable[[Path, Random], Written]] = {
    "lineside": write_lineside,
    "coco": write_coco,
    "labelme": write_labelme,
    "yolo": write_yolo,
    "severstal": write_severstal,
    "magnetic-tile": write_magnetic,
    "masks": write_masks,
    "kolektor": write_kolektor,
    "gc10": write_gc10,
    "voc": write_voc,
    "imagefolder": write_imagefolder,
    "mvtec": write_mvtec,
    "visa": write_visa,
    "dagm": write_dagm,
    "cvat": write_cvat,
    "label-studio": write_label_studio,
    "manifest": write_manifest,
    "colour-masks": write_colour_masks,
}
FEW, SMOKE, MANY = 6, 15, 1000


def round_trips(folder: Path, layout: str, seeds: range) -> int:
    """Sets of one layout, one after the other; how many labels could not be used."""
    unused = 0
    for seed in seeds:
        place = folder / "set"
        shutil.rmtree(place, ignore_errors=True)
        written = WRITERS[layout](place, Random(f"{layout} {seed}"))
        try:
            compare(place, written)
        except (AssertionError, DatasetError) as error:
            raise AssertionError(f"{layout}, set {seed}: {error}") from error
        unused += written.unused
    return unused


def compare(place: Path, written: Written) -> None:
    """What is read against what was written."""
    dataset = look_at_dataset(str(place))
    assert dataset.format == written.layout
    found = {s.key: (s.label, frozenset(s.also), s.part) for s in dataset.samples}
    assert found == {key: (t.label, t.also, t.part) for key, t in written.truths.items()}
    for sample in dataset.samples:
        wanted, (pixels, mask) = written.truths[sample.key].mask, sample.load()
        assert sample.has_mask == (wanted is not None) == (mask is not None), sample.key
        if wanted is not None and mask is not None:
            assert mask.shape == pixels.shape[:2] and np.array_equal(mask, wanted), sample.key
    assert len(dataset.unused) == written.unused, [str(one) for one in dataset.unused]
    assert len({str(one) for one in dataset.unused}) == len(dataset.unused) or written.layout == "gc10"
    doubtful = written.assumed if written.unused else 0
    assert dataset.doubtful == doubtful
    if doubtful:
        with pytest.raises(DatasetError, match="would be taken for sound"):
            open_dataset(str(place))


def test_every_reader_has_its_sets() -> None:
    assert set(WRITERS) == set(FORMATS) - {"demo"}


@pytest.mark.parametrize("layout", WRITERS)
def test_labels_and_places_come_back(tmp_path: Path, layout: str) -> None:
    round_trips(tmp_path, layout, range(FEW))


@pytest.mark.prove(shard="labels")
@pytest.mark.parametrize("layout", WRITERS)
def test_labels_and_places_of_a_thousand_sets_come_back(tmp_path: Path, layout: str) -> None:
    print(f"{layout}: {MANY} sets, {round_trips(tmp_path, layout, range(MANY))} labels left out and named")


@pytest.mark.smoke
@pytest.mark.prove(shard="labels")
def test_a_share_of_them(tmp_path: Path) -> None:
    assert sum(round_trips(tmp_path, layout, range(SMOKE)) for layout in WRITERS) > 0
