"""Label files that were passed over: which of them are named, and which are not for they were read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import DatasetError
from tests.labelled import write_picture, write_text
from trainer.formats.detect import look_at_dataset, open_dataset

IMAGE = '<image id="{0}" name="{1}.jpg" width="32" height="24">{2}</image>'
BOX = '<box label="scratch" occluded="0" xtl="4" ytl="5" xbr="12" ybr="11"></box>'


def pictures(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        write_picture(folder / name, number)


def coco(path: Path, *names: str, outline: object = ()) -> Path:
    """The first picture has a box, and an outline as told."""
    listed = [{"id": n, "file_name": name, "width": 32, "height": 24} for n, name in enumerate(names)]
    drawn = [{"id": 1, "image_id": 0, "category_id": 1, "bbox": [4, 5, 8, 6], "segmentation": outline}]
    categories = [{"id": 1, "name": "scratch"}]
    return write_text(path, json.dumps({"images": listed, "annotations": drawn, "categories": categories}))


def test_file_of_many_pictures_that_bears_the_name_of_one(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg")
    coco(tmp_path / "b.json", "a.jpg", "b.jpg")
    assert open_dataset(str(tmp_path)).unused == ()
    (tmp_path / "b.json").unlink()
    images = IMAGE.format(0, "a", BOX) + IMAGE.format(1, "b", "")
    write_text(tmp_path / "b.xml", f"<annotations><version>1.1</version>{images}</annotations>")
    assert open_dataset(str(tmp_path)).unused == ()


def test_coco_file_that_is_cut_short_is_named(tmp_path: Path) -> None:
    pictures(tmp_path, "train/1.jpg", "train/2.jpg", "test/3.jpg", "test/4.jpg")
    coco(tmp_path / "train" / "_annotations.coco.json", "1.jpg", "2.jpg")
    cut = coco(tmp_path / "test" / "_annotations.coco.json", "3.jpg", "4.jpg")
    write_text(cut, cut.read_text(encoding="utf-8")[:90])
    found = look_at_dataset(str(tmp_path))
    assert [s.key for s in found.samples] == ["train/1.jpg", "train/2.jpg"]
    assert [str(one) for one in found.unused] == [f"{cut}: is not valid JSON."]
    with pytest.raises(DatasetError, match="would be taken for sound"):
        open_dataset(str(tmp_path))


def test_coco_box_with_an_empty_polygon(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg")
    coco(tmp_path / "x.json", "a.jpg", "b.jpg", outline=[[]])
    found = open_dataset(str(tmp_path))
    assert {s.key: (s.label, s.has_mask) for s in found.samples} == {"a.jpg": ("scratch", False), "b.jpg": ("ok", True)}
    assert found.unused == ()


# ── Linked folders ───────────────────────────────────────────────────────────────────────────────────────────────────
def yolo(folder: Path) -> Path:
    """Pictures of two parts; train/a has a box."""
    pictures(folder, "images/train/a.jpg", "images/train/c.jpg", "images/val/a.jpg", "images/val/c.jpg")
    write_text(folder / "data.yaml", "names: [scratch]\n")
    write_text(folder / "labels" / "train" / "a.txt", "0 0.5 0.5 0.2 0.2\n")
    return folder


@pytest.mark.parametrize("name", ["labels/val/c.txt", "annotations/c.xml", "masks/c.png", "drawn/c_mask.png"])
@pytest.mark.parametrize("inside", [False, True])
def test_linked_folder_of_labels_is_named(tmp_path: Path, name: str, inside: bool) -> None:
    folder, linked = yolo(tmp_path / "set"), Path(name).parent
    aim = tmp_path / ("set/kept" if inside else "away")
    write_text(aim / Path(name).name, "0 0.5 0.5 0.2 0.2\n")
    (folder / linked).symlink_to(aim, target_is_directory=True)
    words = "it is a linked folder with labels, and linked folders are not entered; copy it in."
    assert str(look_at_dataset(str(folder)).unused[-1]) == f"{folder / linked}: {words}"
    with pytest.raises(DatasetError, match="would be taken for sound"):
        open_dataset(str(folder))


def test_link_to_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    folder = yolo(tmp_path / "set")
    (folder / "labels" / "val").symlink_to(tmp_path / "gone")
    found = look_at_dataset(str(folder)).unused
    assert [str(one) for one in found] == [f"{folder / 'labels' / 'val'}: it is a link to what is not there."]


def test_linked_folders_that_label_none_of_the_pictures_stop_nothing(tmp_path: Path) -> None:
    folder = yolo(tmp_path / "set")
    write_text(tmp_path / "away" / "c.txt", "")
    write_text(tmp_path / "away" / "other.txt", "0 0.5 0.5 0.2 0.2\n")
    write_picture(tmp_path / "away" / "c.jpg", 7)
    (folder / "labels" / "val").symlink_to(tmp_path / "away", target_is_directory=True)
    (folder / "extra").symlink_to(tmp_path / "away", target_is_directory=True)
    (folder / "round").symlink_to(tmp_path, target_is_directory=True)
    assert open_dataset(str(folder)).unused == ()
