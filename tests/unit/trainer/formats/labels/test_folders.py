"""Layouts that say the class by folders: class folders, and pictures with masks of the same names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset
from trainer.formats.labels import imagefolder, masks
from trainer.formats.labels.imagefolder import open_imagefolder
from trainer.formats.labels.masks import open_masks

MIB = 1024**2


def pictures(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        write_picture(folder / name, number)
    return folder


@pytest.mark.parametrize(
    ("names", "fits"),
    [
        (("ok/a.jpg", "pit/a.jpg"), True),
        (("ok/a.jpg", "ok/b.jpg"), False),
        (("a.jpg", "b.jpg"), False),
        (("ok/a.jpg", ".pit/a.jpg"), False),
        (("ok/a.jpg", "pit/deep/er/a.jpg"), True),
        (("ok/lot1/a.jpg", "Thumbs/a.jpg"), False),
        (("ok/lot1/a.jpg", "pit/.hidden.jpg"), False),
        (("train/ok/a.jpg",), True),
        (("Test/ok/a.JPG",), True),
        (("train/a.jpg", "other/a.jpg"), False),
        (("line1/ok/a.jpg", "line1/ng/a.jpg"), True),
        (("line1/ok/a.jpg", "line2/ok/a.jpg"), False),
    ],
)
def test_class_folders_are_two_or_one_below_a_part(tmp_path: Path, names: tuple[str, ...], fits: bool) -> None:
    assert imagefolder.looks_like(pictures(tmp_path, *names)) is fits


def test_class_is_the_folder_s_name_and_pictures_are_in_order(tmp_path: Path) -> None:
    dataset = open_imagefolder(pictures(tmp_path, "pit/10.jpg", "pit/9.jpg", "ok/x/a.jpg", "a.jpg", ".git/b.jpg"))
    assert [(s.key, s.label, s.group, s.part) for s in dataset.samples] == [
        ("ok/x/a.jpg", "ok", "ok/x/a.jpg", ""),
        ("pit/9.jpg", "pit", "pit/9.jpg", ""),
        ("pit/10.jpg", "pit", "pit/10.jpg", ""),
    ]
    pixels, mask = dataset.samples[0].load()
    assert pixels.shape == SIZE and mask is None and not dataset.samples[0].has_mask


def classes_of(folder: Path, *ok_classes: str) -> dict[str, str]:
    return {s.key: s.label for s in open_imagefolder(folder, ok_classes).samples}


def test_folders_below_lots_that_mean_nothing_are_the_classes(tmp_path: Path) -> None:
    told = {"line1/ok/a.jpg": "ok", "line1/ng/b.jpg": "ng", "line1/scratch/c.jpg": "scratch", "line2/2/OK/d.jpg": "OK"}
    pictures(tmp_path, *told, "line2/2/e.jpg", "line3/f.jpg", "line3/day/g.jpg")
    dataset = open_imagefolder(tmp_path)
    assert (classes_of(tmp_path), dataset.ok_classes) == (told, ("OK", "ok"))
    # Of what line3 shows nobody said anything: it is no kind of defect.
    assert [one.where for one in dataset.unused] == [str(tmp_path / "line3")]
    assert dataset.notes == ("3 pictures lie in no class folder and are left out.",)


def test_classes_below_lots_keep_the_parts_between(tmp_path: Path) -> None:
    pictures(tmp_path, "lot1/train/ok/a.jpg", "lot1/test/ng/b.jpg", "lot2/ng/c.jpg")
    assert [(s.label, s.part) for s in open_imagefolder(tmp_path).samples] == [
        ("ng", "test"),
        ("ok", "train"),
        ("ng", ""),
    ]
    pictures(tmp_path / "set", "train/lot1/ok/a.jpg", "train/lot1/ng/b.jpg", "test/pit/c.jpg")
    found = {s.key: (s.label, s.part) for s in open_imagefolder(tmp_path / "set").samples}
    assert found["train/lot1/ng/b.jpg"] == ("ng", "train") and found["test/pit/c.jpg"] == ("pit", "test")


def test_outermost_folders_are_the_classes_where_one_says_something_or_a_person_does(tmp_path: Path) -> None:
    pictures(tmp_path, "good/a.jpg", "scratch/lot1/b.jpg", "scratch/ok/c.jpg", "scratch/ng/d.jpg")
    dataset = open_imagefolder(tmp_path)
    assert classes_of(tmp_path) == {
        "good/a.jpg": "good",
        "scratch/lot1/b.jpg": "scratch",
        "scratch/ng/d.jpg": "scratch",
    }
    assert [one.where for one in dataset.unused] == [str(tmp_path / "scratch" / "ok" / "c.jpg")]
    pictures(tmp_path / "set", "clean/a.jpg", "clean/ng/b.jpg", "scratch/ok/c.jpg", "scratch/d.jpg")
    assert classes_of(tmp_path / "set", "clean") == {"clean/a.jpg": "clean", "scratch/d.jpg": "scratch"}
    write_text(tmp_path / "set" / "classes.json", json.dumps({"clean": "ok"}))
    assert classes_of(tmp_path / "set") == {"clean/a.jpg": "ok", "scratch/d.jpg": "scratch"}


def test_lots_of_links_are_read_and_no_link_is_followed_in_a_circle(tmp_path: Path) -> None:
    pictures(tmp_path / "there", "day/ok/a.jpg", "day/ng/b.jpg")
    (tmp_path / "there" / "again").symlink_to(tmp_path / "there", target_is_directory=True)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "line1").symlink_to(tmp_path / "there", target_is_directory=True)
    assert classes_of(tmp_path / "set") == {"line1/day/ng/b.jpg": "ng", "line1/day/ok/a.jpg": "ok"}


def test_masks_beside_the_pictures_are_named_and_teach_nothing(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/a.jpg", "pit/b.jpg", "pit/c_mask.png", "pit/lot1/d.png")
    masks = ("pit/b.png", "pit/lot1/d_label.png", "pit/lot1/D_GT.png")
    pictures(tmp_path, *masks[1:], "e.jpg")
    write_mask(tmp_path / masks[0], box_mask(2, 2, 9, 9))
    dataset = open_imagefolder(tmp_path)
    # c_mask lies beside no picture c.
    assert [s.key for s in dataset.samples] == ["ok/a.jpg", "pit/b.jpg", "pit/c_mask.png", "pit/lot1/d.png"]
    assert {one.where for one in dataset.unused} == {str(tmp_path / name) for name in masks}
    assert dataset.notes == ("1 pictures lie in no class folder and are left out.",)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("test", "test"),
        ("val", "validation"),
        ("valid", "validation"),
        ("validation", "validation"),
    ],
)
def test_part_is_the_folder_s_above_the_classes(tmp_path: Path, name: str, part: str) -> None:
    folder = pictures(tmp_path, f"{name}/ok/a.jpg", f"{name}/pit/b.jpg", "other/c.jpg")
    assert [(s.label, s.part) for s in open_imagefolder(folder).samples] == [("ok", part), ("pit", part)]


def test_fewer_than_two_classes_with_pictures_are_refused(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/a.jpg", "ok/b.jpg")
    (tmp_path / "pit").mkdir()
    with pytest.raises(DatasetError, match="fewer than two class folders with pictures"):
        open_imagefolder(tmp_path)


def test_classes_json_tells_the_names_that_no_folder_can_have(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/a.jpg", "class_1/b.jpg", "class_2/c.jpg")
    (tmp_path / "class_3").mkdir()
    write_text(tmp_path / "classes.json", json.dumps({"class_1": "a/b", "class_2": 5, "class_3": "x:y"}))
    dataset = open_imagefolder(tmp_path)
    assert sorted(s.label for s in dataset.samples) == ["a/b", "class_2", "ok"]
    assert dataset.notes == ("No picture shows x:y.",)


def test_classes_json_of_one_mebibyte_is_the_longest(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/a.jpg", "pit/b.jpg")
    write_text(tmp_path / "classes.json", '{"pit": "rust"}' + " " * (MIB - 15))
    assert open_imagefolder(tmp_path).classes == ("ok", "rust")
    write_text(tmp_path / "classes.json", '{"pit": "rust"}' + " " * (MIB - 14))
    with pytest.raises(DatasetError, match=r"classes.json is larger than 1 MiB"):
        open_imagefolder(tmp_path)


def test_further_classes_of_labels_csv_count_as_shown(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/a.jpg", "pit/b.jpg")
    (tmp_path / "rust").mkdir()
    write_text(tmp_path / "labels.csv", "pit/b.jpg,rust;edge\n")
    dataset = open_imagefolder(tmp_path)
    assert (dataset.classes, dataset.notes) == (("ok", "edge", "pit", "rust"), ())


@pytest.mark.parametrize(("made", "fits"), [(("images", "masks"), True), (("images",), False), (("masks",), False)])
def test_masks_need_both_folders(tmp_path: Path, made: tuple[str, ...], fits: bool) -> None:
    for name in made:
        (tmp_path / name).mkdir()
    assert masks.looks_like(tmp_path) is fits


def test_picture_is_a_defect_where_one_pixel_of_its_mask_is_set(tmp_path: Path) -> None:
    pictures(tmp_path, "images/a.jpg", "images/x/a.jpg")
    write_mask(tmp_path / "masks" / "a.png", box_mask(31, 23, 32, 24))
    write_mask(tmp_path / "masks" / "x" / "a.bmp", box_mask(0, 0, 0, 0))
    dataset = open_masks(tmp_path)
    assert [(s.key, s.label, s.has_mask) for s in dataset.samples] == [
        ("images/a.jpg", "defect", True),
        ("images/x/a.jpg", "ok", True),
    ]
    assert (dataset.classes, dataset.notes, dataset.missing) == (("ok", "defect"), (), 0)
    mask = dataset.samples[0].load()[1]
    assert mask is not None and np.array_equal(mask, box_mask(31, 23, 32, 24))


def test_masks_without_pictures_and_pictures_without_masks_are_counted(tmp_path: Path) -> None:
    pictures(tmp_path, *(f"images/{name}.jpg" for name in "abcd"))
    for name in "axyz":
        write_mask(tmp_path / "masks" / f"{name}.png", box_mask(0, 0, 2, 2))
    dataset = open_masks(tmp_path)
    assert [s.key for s in dataset.samples] == ["images/a.jpg"] and dataset.missing == 3
    assert dataset.notes == (
        "3 of 4 named pictures are missing and left out.",
        "3 pictures have no mask and are left out.",
        "No picture shows ok.",
    )


def test_mask_of_another_size_is_named_when_the_set_is_opened(tmp_path: Path) -> None:
    pictures(tmp_path, "images/a.jpg")
    write_mask(tmp_path / "masks" / "a.png", np.zeros((32, 24), np.uint8))
    with pytest.raises(DatasetError, match=r"The mask .*a.png is made for 24×32 pixels, but .* has 32×24"):
        open_masks(tmp_path)


@pytest.mark.parametrize(
    ("shown", "drawn"), [("images", "mask"), ("img", "masks"), ("Images", "GT"), ("imgs", "ground_truth")]
)
def test_masks_in_folders_of_other_names_are_masks(tmp_path: Path, shown: str, drawn: str) -> None:
    pictures(tmp_path / shown, "a.jpg", "b.jpg")
    write_mask(tmp_path / drawn / "a.png", box_mask(2, 3, 6, 7))
    write_mask(tmp_path / drawn / "b.png", box_mask(0, 0, 0, 0))
    dataset = look_at_dataset(str(tmp_path))
    assert [(s.key, s.label) for s in dataset.samples] == [(f"{shown}/a.jpg", "defect"), (f"{shown}/b.jpg", "ok")]


@pytest.mark.parametrize(
    ("shown", "drawn", "mask"),
    [
        ("images", "labels", "a.png"),
        ("train/images", "train/masks", "a.png"),
        ("ok", "masks", "a_mask.png"),
        ("photos", "gt", "a.png"),
    ],
)
def test_folder_of_masks_is_no_class(tmp_path: Path, shown: str, drawn: str, mask: str) -> None:
    pictures(tmp_path / shown, "a.jpg", "b.jpg")
    write_mask(tmp_path / drawn / mask, box_mask(2, 3, 6, 7))
    with pytest.raises(DatasetError, match="masks are no class of parts"):
        look_at_dataset(str(tmp_path), "imagefolder")


def test_class_that_is_called_as_masks_are_is_one_where_no_picture_bears_the_name_of_another(tmp_path: Path) -> None:
    pictures(tmp_path / "ok", "a.jpg")
    pictures(tmp_path / "label", "b.jpg")
    assert {s.label for s in look_at_dataset(str(tmp_path)).samples} == {"ok", "label"}
