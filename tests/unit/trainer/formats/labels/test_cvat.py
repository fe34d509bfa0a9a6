"""CVAT for images 1.1: objects, tags and parts as it writes them, and what is named as not used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset, open_dataset
from trainer.formats.samples.dataset import Dataset

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <job>
      <id>7</id><size>4</size><mode>annotation</mode><overlap>0</overlap><bugtracker></bugtracker>
      <created>2026-01-05 08:00:00.000000+00:00</created><subset>Train</subset><start_frame>0</start_frame>
      <labels>
        <label><name>scratch</name><color>#fa3253</color><type>any</type><attributes></attributes></label>
        <label><name>pit</name><color>#33ddff</color><type>any</type><attributes>
          <attribute><name>depth</name><mutable>False</mutable><input_type>select</input_type></attribute>
        </attributes></label>
        <label><name>good</name><color>#24b353</color><type>tag</type><attributes></attributes></label>
      </labels>
    </job>
    <dumped>2026-01-05 09:00:00.000000+00:00</dumped>
  </meta>
"""


def image(name: str, *objects: str, number: int = 0, more: str = "") -> str:
    head = f'<image id="{number}" name="{name}"{more} width="{SIZE[1]}" height="{SIZE[0]}">'
    return f"  {head}\n    {'    '.join(one + chr(10) for one in objects)}  </image>\n"


def write(folder: Path, *images: str) -> Path:
    write_text(folder / "annotations.xml", f"{HEAD}{''.join(images)}</annotations>\n")
    return folder


POLYGON = (
    '<polygon label="scratch" source="manual" occluded="0" points="2.0,3.0;8.0,3.0;8.0,6.0;2.0,6.0" z_order="0">'
    "</polygon>"
)
BOX = (
    '<box label="pit" source="manual" occluded="0" xtl="20.00" ytl="10.00" xbr="24.00" ybr="12.00" z_order="0">'
    '<attribute name="depth">low</attribute></box>'
)
BRUSH = (
    '<mask label="pit" source="semi-auto" occluded="0" rle="1, 2, 1, 2" left="10" top="5" width="3" height="2" '
    'z_order="0"></mask>'
)
ELLIPSE = (
    '<ellipse label="pit" source="manual" occluded="0" cx="15.00" cy="12.00" rx="5.00" ry="3.00" z_order="1"></ellipse>'
)
TAG = '<tag label="good" source="manual"></tag>'


def mask_of(dataset: Dataset, key: str) -> Mask | None:
    (sample,) = (s for s in dataset.samples if s.key == key)
    return sample.load()[1]


def test_export_of_a_project_with_its_parts(tmp_path: Path) -> None:
    train, test = ' subset="Train" task_id="3"', ' subset="Test" task_id="4"'
    names = ("images/Train/a.jpg", "images/Train/b.jpg", "images/Test/c.png", "images/Test/d.png", "images/Test/e.png")
    for number, name in enumerate(names):
        write_picture(tmp_path / name, number)
    write(
        tmp_path,
        image("a.jpg", POLYGON, BRUSH, more=train),
        image("b.jpg", BOX, number=1, more=train),
        image("c.png", number=2, more=test),
        image("d.png", TAG, number=3, more=test),
    )
    dataset = open_dataset(str(tmp_path))
    assert (dataset.format, dataset.classes, dataset.ok_classes) == (
        "cvat",
        ("good", "ok", "pit", "scratch"),
        ("good", "ok"),
    )
    assert [(s.key, s.label, s.also, s.has_mask, s.part, s.assumed) for s in dataset.samples] == [
        ("images/Test/c.png", "ok", (), True, "test", True),
        ("images/Test/d.png", "good", (), True, "test", False),
        ("images/Train/a.jpg", "scratch", ("pit",), True, "train", False),
        ("images/Train/b.jpg", "pit", (), False, "train", False),
    ]
    wanted = box_mask(2, 3, 9, 7)
    wanted[5, 11:13] = wanted[6, 11:13] = 255
    drawn = mask_of(dataset, "images/Train/a.jpg")
    # The counts: one unset, two set in the first row; one unset, two set in the second.
    assert drawn is not None and np.array_equal(drawn, wanted)
    assert mask_of(dataset, "images/Train/b.jpg") is None
    assert dataset.notes == ("1 pictures are in no annotations file and are left out.",) and not dataset.unused


def test_pictures_of_one_name_are_told_apart_by_their_subsets(tmp_path: Path) -> None:
    for number, subset in enumerate(("Train", "Test")):
        write_picture(tmp_path / "images" / subset / "a.png", number)
    write(tmp_path, image("a.png", POLYGON, more=' subset="Test"'), image("a.png", TAG, more=' subset="Train"'))
    dataset = open_dataset(str(tmp_path))
    assert {s.key: (s.label, s.part) for s in dataset.samples} == {
        "images/Test/a.png": ("scratch", "test"),
        "images/Train/a.png": ("good", "train"),
    }


def test_ellipse_and_turned_shapes_lie_where_the_tool_shows_them(tmp_path: Path) -> None:
    turned = ELLIPSE.replace(" z_order", ' rotation="90.00" z_order')
    for number, (name, shape) in enumerate((("a", ELLIPSE), ("b", turned))):
        write_picture(tmp_path / "images" / f"{name}.png", number)
        assert shape
    write_picture(tmp_path / "images" / "c.png", 5)
    write(tmp_path, image("a.png", ELLIPSE), image("b.png", turned, number=1), image("c.png", TAG, number=2))
    dataset = open_dataset(str(tmp_path))
    for name, across, down in (("a", 5, 3), ("b", 3, 5)):
        mask = mask_of(dataset, f"images/{name}.png")
        assert mask is not None
        rows, columns = np.nonzero(mask)
        assert (columns.min(), columns.max(), rows.min(), rows.max()) == (
            15 - across,
            15 + across,
            12 - down,
            12 + down,
        )
        assert abs(int((mask > 0).sum()) - np.pi * 15) < 16


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('<points label="pit" points="1.0,2.0"></points>', "encloses nothing"),
        ('<cuboid label="pit" xtl1="1"></cuboid>', "encloses nothing"),
        ('<skeleton label="pit"><points label="1" points="1,2"></points></skeleton>', "encloses nothing"),
        ('<polygon label="pit" points="1,2;3,4"></polygon>', "encloses nothing"),
        ('<polygon label="pit" points="1,2;3,4;x,5"></polygon>', "'x' where a coordinate"),
        ('<box label="pit" xtl="1" ytl="2" xbr="3"></box>', "None where a coordinate"),
        (BRUSH.replace("1, 2, 1, 2", "1, 2"), "do not add up"),
        (BRUSH.replace("1, 2, 1, 2", "1, a"), "not whole numbers"),
        (BRUSH.replace('width="3"', 'width="0"'), "impossible size"),
        (BOX.replace('label="pit"', 'label=" "'), "no label"),
    ],
)
def test_object_that_cannot_be_used_is_named_and_its_picture_is_not_sound(
    tmp_path: Path, bad: str, reason: str
) -> None:
    for number, name in enumerate("abc"):
        write_picture(tmp_path / "images" / f"{name}.png", number)
    write(tmp_path, image("a.png", bad), image("b.png", POLYGON, bad), image("c.png", TAG))
    dataset = look_at_dataset(str(tmp_path))
    assert [(s.label, s.has_mask) for s in dataset.samples] == [("scratch", False), ("good", True)]
    assert [reason in one.reason for one in dataset.unused] == [True, True]


def test_labels_of_no_picture_and_of_another_size_are_named(tmp_path: Path) -> None:
    for number, name in enumerate("abc"):
        write_picture(tmp_path / "images" / f"{name}.png", number)
    small = image("b.png", POLYGON).replace('width="32"', 'width="64"')
    again = image("a.png", BOX)
    write(tmp_path, image("a.png", POLYGON), small, image("gone.png", BOX), again, image("c.png", TAG))
    dataset = look_at_dataset(str(tmp_path))
    assert [s.key for s in dataset.samples] == ["images/a.png", "images/c.png"]
    assert [one.where.rpartition(": ")[2] for one in dataset.unused] == ["b.png", "gone.png", "a.png"]


def test_video_and_hostile_files_are_refused(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / "a.png", 1)
    write(tmp_path, '<track id="0" label="pit"><box frame="0" xtl="1" ytl="1" xbr="2" ybr="2"></box></track>')
    with pytest.raises(DatasetError, match="is an export for video"):
        open_dataset(str(tmp_path))
    bomb = '<!DOCTYPE annotations [<!ENTITY a "aaaa">]>\n<annotations>\n<image id="0" name="&a;"></image></annotations>'
    write_text(tmp_path / "annotations.xml", bomb)
    with pytest.raises(DatasetError, match="DOCTYPE"):
        open_dataset(str(tmp_path))
    write(tmp_path, image("../../secret.png", POLYGON), image("a.png", TAG), image("b.png", POLYGON))
    write_picture(tmp_path / "images" / "b.png", 2)
    write_picture(tmp_path.parent / "secret.png", 3)
    dataset = look_at_dataset(str(tmp_path))
    assert [s.key for s in dataset.samples] == ["images/a.png", "images/b.png"]
    assert dataset.unused[0].where.endswith("../../secret.png")


def test_entry_that_fits_two_pictures_alike_labels_neither(tmp_path: Path) -> None:
    for number, name in enumerate(("x/a", "y/a", "x/b", "x/c")):
        write_picture(tmp_path / f"{name}.png", number)
    write(tmp_path, image("a.png", POLYGON), image("b.png", POLYGON), image("c.png", TAG))
    dataset = look_at_dataset(str(tmp_path))
    assert [s.key for s in dataset.samples] == ["x/b.png", "x/c.png"]
    assert [one.reason for one in dataset.unused] == ["/a.png may be x/a.png or y/a.png."]
