"""CVAT's segmentation masks: colours by labelmap.txt, parts by lists, and what is named as not used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset, open_dataset
from trainer.formats.labels.colour_masks import class_colours

LABELMAP = "# label:color_rgb:parts:actions\nbackground:0,0,0::\npit:250,50,83::\nscratch:51,221,255::\ngood:9,9,9::\n"


def colours(*spots: tuple[tuple[int, int, int], tuple[int, int, int, int]]) -> Mask:
    """A mask in red, green, blue: boxes of left, top, right, bottom; stored as OpenCV wants it."""
    mask = np.zeros((*SIZE, 3), np.uint8)
    for colour, (left, top, right, bottom) in spots:
        mask[top:bottom, left:right] = colour[::-1]
    return mask


PIT, SCRATCH = ((250, 50, 83), (2, 3, 5, 6)), ((51, 221, 255), (10, 10, 20, 12))


def write(folder: Path) -> Path:
    for number, name in enumerate("abcdef"):
        write_picture(folder / "JPEGImages" / f"{name}.jpg", number)
    write_mask(folder / "SegmentationClass" / "a.png", colours(PIT, SCRATCH, ((9, 9, 9), (0, 20, 4, 22))))
    write_mask(folder / "SegmentationClass" / "b.png", colours(PIT, ((224, 224, 192), (1, 2, 2, 7))))
    write_mask(folder / "SegmentationClass" / "c.png", colours())
    for name in "abc":
        write_mask(folder / "SegmentationObject" / f"{name}.png", colours(((128, 0, 0), (2, 3, 5, 6))))
    write_text(folder / "labelmap.txt", LABELMAP)
    write_text(folder / "ImageSets" / "Segmentation" / "Train.txt", "a\nb\n")
    write_text(folder / "ImageSets" / "Segmentation" / "Test.txt", 'c\n"d"\n')
    return folder


def test_export_of_cvat(tmp_path: Path) -> None:
    dataset = open_dataset(str(write(tmp_path)))
    assert dataset.format == "colour-masks"
    assert [(s.key, s.label, s.also, s.part, s.has_mask, s.assumed) for s in dataset.samples] == [
        ("JPEGImages/a.jpg", "scratch", ("pit",), "train", True, False),
        ("JPEGImages/b.jpg", "pit", (), "train", True, False),
        ("JPEGImages/c.jpg", "ok", (), "test", True, False),
        ("JPEGImages/d.jpg", "ok", (), "test", True, True),
    ]
    drawn = [s.load()[1] for s in dataset.samples]
    wanted = [box_mask(*PIT[1]) | box_mask(*SCRATCH[1]), box_mask(*PIT[1]), np.zeros(SIZE, np.uint8)]
    assert all(mask is not None and np.array_equal(mask, want) for mask, want in zip(drawn, wanted, strict=False))
    assert drawn[3] is not None and not drawn[3].any()
    assert dataset.notes == ("2 pictures have no mask, are in no list and are left out.",) and not dataset.unused


def test_colour_without_a_name_and_mask_without_picture_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    write_mask(tmp_path / "SegmentationClass" / "b.png", colours(((1, 2, 3), (0, 0, 4, 4))))
    write_mask(tmp_path / "SegmentationClass" / "gone.png", colours(PIT))
    write_mask(tmp_path / "SegmentationClass" / "e.png", np.zeros((5, 5, 3), np.uint8))
    with pytest.raises(DatasetError, match="without a label would be taken for sound"):
        open_dataset(str(tmp_path))
    dataset = look_at_dataset(str(tmp_path))
    assert [s.key[-5:] for s in dataset.samples] == ["a.jpg", "c.jpg", "d.jpg"]
    assert [Path(one.where).name for one in dataset.unused] == ["b.png", "e.png", "gone.png"]
    assert "#010203 on 16 pixels, which has no name" in dataset.unused[0].reason and dataset.missing == 1


@pytest.mark.parametrize("line", ["pit", "pit:1,2::", "pit:1,2,x::", ":1,2,3::", "pit:1,2,300::", "pit:0,0,0::"])
def test_labelmap_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    path = write_text(tmp_path / "labelmap.txt", f"background:0,0,0::\n{line}\n")
    with pytest.raises(DatasetError, match=r"labelmap.txt line 2 "):
        class_colours(path)
