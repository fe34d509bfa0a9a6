"""COCO files: what is read, what is refused, which files and pictures belong together."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_picture, write_text
from trainer.formats.labels.coco import annotation_files, open_coco, read_coco

SQUARE = [[4, 4, 10, 4, 10, 9, 4, 9]]
"""6 × 5 = 30 pixels squared."""
RUNS = {"size": list(SIZE), "counts": [48, 5, 19, 7, 24 * 32 - 79]}
"""12 pixels: 5 of column 2 and 7 of column 3."""


def picture(number: int = 1, name: str = "a.jpg", **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": name, "height": SIZE[0], "width": SIZE[1], **more}


def drawn(image: int = 1, category: int = 7, **more: Any) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": [1, 2, 3, 4], **more}


def text(images: list[Any], annotations: list[Any], **more: Any) -> str:
    categories = [{"id": 7, "name": "pit"}, {"id": 9, "name": "rust"}]
    return json.dumps({"images": images, "annotations": annotations, "categories": categories, **more})


def write(folder: Path, images: list[Any], annotations: list[Any], name: str = "a.json", **more: Any) -> Path:
    return write_text(folder / name, text(images, annotations, **more))


def test_areas_are_pixels_squared_of_polygons_runs_and_boxes_summed_by_class(tmp_path: Path) -> None:
    annotations = [
        drawn(segmentation=[*SQUARE, [0, 0, 4, 0, 0, 3]]),
        drawn(segmentation=RUNS),
        drawn(segmentation={"size": list(SIZE), "counts": "02ng0"}, category=9),
        drawn(2, segmentation=[]),
        drawn(2, bbox=["2.5", 0, 1, 10.0]),
        drawn(2, 9, segmentation=None),
    ]
    one, two = read_coco(write(tmp_path, [picture(), picture(2, "b.jpg")], annotations))[0]
    assert (one.name, one.size, one.areas, one.boxed) == ("a.jpg", (24, 32), {"pit": 30 + 6 + 12, "rust": 2}, [])
    assert [len(one.shapes), len(one.runs)] == [2, 2]
    assert (two.areas, two.boxed) == ({"pit": 12 + 10, "rust": 12}, ["pit", "pit", "rust"])


def test_names_of_the_categories_are_in_the_file_s_order(tmp_path: Path) -> None:
    categories = [{"id": 9, "name": "rust"}, {"id": 7, "name": "pit"}, {"id": 0, "name": 5}]
    assert read_coco(write(tmp_path, [], [], categories=categories)) == ([], ("rust", "pit", "5"))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 400_000_000), (20_000, 20_000)])
def test_pictures_from_one_pixel_to_the_largest_are_taken(tmp_path: Path, height: int, width: int) -> None:
    images, _ = read_coco(write(tmp_path, [picture(height=height, width=width)], []))
    assert images[0].size == (height, width)


@pytest.mark.parametrize(
    "more",
    [
        {"height": 1, "width": 400_000_001},
        {"file_name": None},
        {"file_name": 3},
    ],
)
def test_picture_without_name_or_of_an_impossible_size_is_refused(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match=r"a.json has a picture without name or with an impossible size"):
        read_coco(write(tmp_path, [picture(**more)], []))


@pytest.mark.parametrize("more", [{"height": 0}, {"width": 0}, {"width": -1, "height": -1}, {"height": None}])
def test_size_that_is_not_told_is_none(tmp_path: Path, more: dict[str, Any]) -> None:
    assert read_coco(write(tmp_path, [picture(**more)], []))[0][0].size is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *product(
            ("id", "height", "width", "image_id", "category_id"), (True, 1.5, "1.0", "²", "", [1], 1e300, "1" * 20)
        ),
        *product(("id", "image_id", "category_id"), (None,)),
    ],
)
def test_number_that_is_not_whole_is_named(tmp_path: Path, key: str, value: Any) -> None:
    changed = {key: value}
    images = [picture(**changed)] if key in ("id", "height", "width") else [picture()]
    annotations = [drawn(**changed)] if key.endswith("_id") else []
    with pytest.raises(DatasetError, match=f"has a {key} that is not a whole number"):
        read_coco(write(tmp_path, images, annotations))


@pytest.mark.parametrize("spelt", [float, str, lambda number: f" {number} "])
def test_whole_numbers_may_be_written_as_fractions_or_text(tmp_path: Path, spelt: Callable[[int], Any]) -> None:
    image = picture(id=spelt(1), height=spelt(SIZE[0]), width=spelt(SIZE[1]))
    categories = [{"id": spelt(7), "name": "pit"}]
    read, _ = read_coco(write(tmp_path, [image], [drawn(spelt(1), spelt(7))], categories=categories))
    assert (read[0].size, read[0].areas) == (SIZE, {"pit": 12})


def test_picture_that_is_listed_twice_has_what_is_drawn_on_either_entry(tmp_path: Path) -> None:
    images = [picture(), picture(), picture(5)]
    read, _ = read_coco(write(tmp_path, images, [drawn(), drawn(5, 9, bbox=[0, 0, 2, 2])]))
    assert [image.areas for image in read] == [{"pit": 12, "rust": 4}]


@pytest.mark.parametrize("second", [picture(1, "b.jpg"), picture(1, height=9), picture(2, height=9)])
def test_one_id_for_two_pictures_and_two_sizes_of_one_are_refused(tmp_path: Path, second: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match=r"gives two pictures the id \d, or one picture two sizes"):
        read_coco(write(tmp_path, [picture(), second], []))


def test_run_lengths_must_be_of_the_picture_s_size_where_its_entry_tells_none(tmp_path: Path) -> None:
    write(tmp_path, [picture(height=None)], [drawn(segmentation=RUNS)])
    path = write_picture(tmp_path / "a.jpg", 1)
    mask = open_coco(with_sound(tmp_path)).samples[0].load()[1]
    assert mask is not None and np.array_equal(mask, box_mask(2, 0, 3, 5) | box_mask(3, 0, 4, 7))
    write_picture(path, 1, SIZE[::-1])
    with pytest.raises(
        DatasetError, match=r"annotation 1: on a.jpg has run lengths for another size than the picture's"
    ):
        open_coco(tmp_path)


def test_run_lengths_tell_the_size_where_nothing_else_does(tmp_path: Path) -> None:
    wide = {"size": [3, 3], "counts": [9]}
    with pytest.raises(DatasetError, match=r"annotation 2 on a.jpg has run lengths for another size"):
        read_coco(write(tmp_path, [picture(width=None)], [drawn(segmentation=RUNS), drawn(segmentation=wide)]))


@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
@pytest.mark.parametrize("value", [None, {}, [1], [[], {"id": 1}]])
def test_list_that_is_not_there_or_holds_something_else_is_named(tmp_path: Path, key: str, value: Any) -> None:
    with pytest.raises(DatasetError, match=f"a.json lacks the list {key}"):
        read_coco(write(tmp_path, **{"images": [picture()], "annotations": [], key: value}))


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (drawn(2), "of a picture that the file does not list"),
        (drawn(category=8), "on a.jpg is of a category without a name"),
        (drawn(category=0), "on a.jpg is of a category without a name"),
        (drawn(segmentation=[[1, 2, 3, 4]]), "fewer than three points"),
        (drawn(segmentation=[[1, 2, 3, 4, 5, 6, 7]]), "fewer than three points"),
        (drawn(segmentation=["1"]), "fewer than three points"),
        (drawn(segmentation=[[1, 2, 3, 4, 5, None]]), "where a coordinate should be"),
        (drawn(bbox=[1, 2, 3]), "neither outline nor box"),
        (drawn(bbox=[1, 2, 3, 4, 5]), "neither outline nor box"),
        (drawn(bbox=None), "neither outline nor box"),
        (drawn(bbox=[1, 2, "x", 4]), "where a coordinate should be"),
        (drawn(segmentation={"size": [32, 24], "counts": [768]}), "run lengths for another size"),
        (drawn(segmentation={"counts": [768]}), "run lengths without their size"),
        (drawn(segmentation={"size": [24, "32"], "counts": [768]}), "run lengths without their size"),
        (drawn(segmentation={"size": [24, 32]}), "run lengths without counts"),
        (drawn(segmentation={"size": [24, 32], "counts": "!"}), "compressed counts that cannot be read"),
    ],
)
def test_bad_annotation_is_named(tmp_path: Path, annotation: dict[str, Any], message: str) -> None:
    categories = [{"id": 7, "name": "pit"}, {"id": 0}]
    with pytest.raises(DatasetError, match=message) as caught:
        read_coco(write(tmp_path, [picture()], [annotation], categories=categories))
    assert "a.json annotation 1 " in caught.value.message


def test_bad_annotation_is_left_out_and_its_picture_is_not_sound(tmp_path: Path) -> None:
    bad, good = drawn(segmentation=[[1, 2, 3, 4]], id="x9"), drawn(3, segmentation=SQUARE)
    write(tmp_path, [picture(), picture(2, "b.jpg"), picture(3, "c.jpg")], [bad, {**bad, "image_id": 3}, good])
    for number, name in enumerate("abc"):
        write_picture(tmp_path / f"{name}.jpg", number)
    dataset = open_coco(tmp_path)
    # Of c nobody knows how much of it is defective.
    assert [(s.key, s.label, s.assumed, s.has_mask) for s in dataset.samples] == [
        ("b.jpg", "ok", True, True),
        ("c.jpg", "pit", False, False),
    ]
    assert [str(one) for one in dataset.unused] == [
        f"{tmp_path / 'a.json'} annotation x9: on {name} has a polygon of fewer than three points."
        for name in ("a.jpg", "c.jpg")
    ]
    assert dataset.doubtful == 1


def test_triangle_is_the_least_polygon_and_a_picture_may_have_a_box_and_outlines(tmp_path: Path) -> None:
    write(tmp_path, [picture()], [drawn(segmentation=[[0, 0, 4, 0, 0, 3]]), drawn(bbox=[0, 0, 1, 1])])
    write_picture(tmp_path / "a.jpg", 1)
    sample = open_coco(with_sound(tmp_path)).samples[0]
    assert (sample.label, sample.has_mask, sample.load()[1]) == ("pit", False, None)


def with_sound(folder: Path) -> Path:
    """One more picture, which shows nothing, in a file of its own."""
    write(folder, [picture(1, "sound.jpg")], [], "z.json")
    write_picture(folder / "sound.jpg", 99)
    return folder


def test_largest_area_is_the_label_and_ties_go_by_name(tmp_path: Path) -> None:
    images = [picture(1, "a.jpg"), picture(2, "b.jpg"), picture(3, "c.jpg")]
    annotations = [
        drawn(1, 9, bbox=[0, 0, 5, 5]),
        drawn(1, 7, bbox=[0, 0, 5, 4]),
        drawn(2, 9, bbox=[0, 0, 5, 5]),
        drawn(2, 7, bbox=[0, 0, 5, 5]),
        drawn(3, 9, bbox=[0, 0, 5, 5]),
        drawn(3, 7, bbox=[0, 0, 5, 4]),
        drawn(3, 7, bbox=[0, 0, 5, 2]),
    ]
    write(tmp_path, images, annotations)
    for number, name in enumerate("abc"):
        write_picture(tmp_path / f"{name}.jpg", number)
    found = [(s.label, s.also) for s in open_coco(tmp_path).samples]
    assert found == [("rust", ("pit",)), ("pit", ("rust",)), ("pit", ("rust",))]


def test_outlines_and_runs_of_a_picture_are_one_mask_and_a_sound_one_is_empty(tmp_path: Path) -> None:
    write(tmp_path, [picture()], [drawn(segmentation=SQUARE), drawn(segmentation=RUNS)])
    write_picture(tmp_path / "a.jpg", 1)
    pit, sound = open_coco(with_sound(tmp_path)).samples
    mask, empty = pit.load()[1], sound.load()[1]
    columns = box_mask(2, 0, 3, 5) | box_mask(3, 0, 4, 7)
    assert mask is not None and np.array_equal(mask, box_mask(4, 4, 11, 10) | columns)
    assert empty is not None and not empty.any() and sound.has_mask


def test_picture_that_was_changed_since_is_not_drawn_on(tmp_path: Path) -> None:
    write(tmp_path, [picture()], [drawn(segmentation=SQUARE)])
    path = write_picture(tmp_path / "a.jpg", 1)
    pit = open_coco(with_sound(tmp_path)).samples[0]
    write_picture(path, 1, (32, 24))
    with pytest.raises(DatasetError, match=r"made for 32×24 pixels, .* has 24×32"):
        pit.load()


def test_missing_and_unlisted_pictures_are_counted_over_all_files(tmp_path: Path) -> None:
    write(tmp_path, [picture(1, "b.jpg"), picture(2, "gone.jpg")], [drawn()])
    write(tmp_path, [picture(1, "a.jpg"), picture(2, "lost.jpg")], [], "b.json")
    for number, name in enumerate(("a", "b", "x", "y")):
        write_picture(tmp_path / f"{name}.jpg", number)
    dataset = open_coco(tmp_path)
    assert [(s.key, s.label) for s in dataset.samples] == [("a.jpg", "ok"), ("b.jpg", "pit")]
    assert (dataset.missing, dataset.notes) == (
        2,
        (
            "2 of 4 named pictures are missing and left out.",
            "No picture shows rust.",
            "2 pictures are in no annotations file and are left out.",
        ),
    )


def told(folder: Path) -> list[tuple[str, str, tuple[str, ...], bool, str]]:
    return [(s.key, s.label, s.also, s.has_mask, s.part) for s in open_coco(folder).samples]


def test_what_several_files_say_of_a_picture_is_put_together(tmp_path: Path) -> None:
    images = [picture(), picture(2, "b.jpg"), picture(3, "images/c.jpg")]
    write(tmp_path, images, [drawn(segmentation=SQUARE)], "train/pits.json")
    write(tmp_path, images, [drawn(3, 9, segmentation=SQUARE)], "val/rust.json")
    write(tmp_path, [picture(name="images/A.jpg")], [drawn(category=9, segmentation=RUNS)], "rust.json")
    for number, name in enumerate("abc"):
        write_picture(tmp_path / "images" / f"{name}.jpg", number)
    # Learnt as it is in one list, none of them is validated on.
    assert told(tmp_path) == [
        ("images/a.jpg", "pit", ("rust",), True, "train"),
        ("images/b.jpg", "ok", (), True, "train"),
        ("images/c.jpg", "rust", (), True, "train"),
    ]
    dataset = open_coco(tmp_path)
    assert dataset.notes == ("3 pictures are named more than once; what is said of them is put together.",)
    mask = dataset.samples[0].load()[1]
    assert mask is not None and int((mask > 0).sum()) == 42 + 12 and not dataset.unused


def test_entry_that_may_mean_another_picture_or_was_made_for_another_size_makes_none_sound(tmp_path: Path) -> None:
    images = [picture(n, name) for n, name in enumerate(("lot2/a.jpg", "lot1/a.jpg", "b.jpg", "c.jpg"))]
    write(tmp_path, images, [drawn(2, segmentation=SQUARE)])
    write(tmp_path, [picture(1, "b.jpg", height=99), picture(2, "c.jpg", height=99)], [], "b.json")
    for number, name in enumerate(("lot1/a", "b", "c", "d")):
        write_picture(tmp_path / f"{name}.jpg", number)
    write(tmp_path, [picture(1, "d.jpg")], [], "d.json")
    # lot2/a.jpg is not there, and what is drawn on it may be told of lot1/a.jpg.
    assert told(tmp_path) == [("b.jpg", "pit", (), False, ""), ("d.jpg", "ok", (), True, "")]
    reasons = [one.reason for one in open_coco(tmp_path).unused]
    assert "which is named lot1/a.jpg elsewhere" in reasons[-1] and len(reasons) == 3


def test_folder_without_such_files_is_refused(tmp_path: Path) -> None:
    write_text(tmp_path / "a.json", '{"images": [], "annotations": []}')
    with pytest.raises(DatasetError, match="holds no COCO annotations"):
        open_coco(tmp_path)


def test_key_points_of_the_same_pictures_are_passed_over(tmp_path: Path) -> None:
    for name in ("instances_val.json", "person_keypoints_val.json"):
        write(tmp_path / "annotations", [picture()], [], name)
    assert [p.name for p in annotation_files(tmp_path)] == ["instances_val.json"]


def test_pictures_of_a_file_that_lies_deep_are_looked_for_in_the_folders_above_it(tmp_path: Path) -> None:
    for number, (lot, category) in enumerate((("lot1", 7), ("lot2", 9))):
        write(tmp_path, [picture()], [drawn(category=category)], f"sets/{lot}/annotations/v2/instances.json")
        write_picture(tmp_path / "sets" / lot / "images" / "a.jpg", number)
    assert [(s.key, s.label) for s in open_coco(tmp_path).samples] == [
        ("sets/lot1/images/a.jpg", "pit"),
        ("sets/lot2/images/a.jpg", "rust"),
    ]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train.json", "train"),
        ("my_valid-2.json", "validation"),
        ("instances_val2017.json", "validation"),
        ("TEST.json", "test"),
        ("contest.json", ""),
        ("training.json", ""),
        ("test/train.json", "test"),
        ("Training/labels.json", "train"),
        ("labels/val.json", "validation"),
        ("labels/a.json", ""),
    ],
)
def test_part_is_the_folder_s_name_else_a_word_in_the_file_s(tmp_path: Path, name: str, part: str) -> None:
    write(tmp_path, [picture(), picture(2, "b.jpg")], [drawn()], name)
    for number, stem in enumerate("ab"):
        write_picture(tmp_path / "images" / f"{stem}.jpg", number)
    assert [s.part for s in open_coco(tmp_path).samples] == [part, part]


@pytest.mark.parametrize("place", ["{}", "images/{}", "annotations/{}"])
def test_pictures_of_one_name_are_told_apart_by_what_the_file_is_called(tmp_path: Path, place: str) -> None:
    for number, (name, category) in enumerate((("x", 7), ("y", 9))):
        write(tmp_path, [picture()], [drawn(category=category)], f"annotations/instances_{name}.json")
        write_picture(tmp_path / place.format(name) / "a.jpg", number)
    found = [(Path(s.key).parent.name, s.label) for s in open_coco(tmp_path).samples]
    assert found == [("x", "pit"), ("y", "rust")]


def test_pictures_of_one_name_are_told_apart_by_a_folder_images_beside_the_file(tmp_path: Path) -> None:
    write(tmp_path, [picture()], [drawn()], "labels/a.json")
    write_picture(tmp_path / "labels" / "images" / "a.jpg", 1)
    write_picture(tmp_path / "images" / "a.jpg", 2)
    assert open_coco(with_sound(tmp_path)).samples[0].key == "labels/images/a.jpg"


def test_pictures_of_one_name_are_told_apart_by_lying_beside_the_file(tmp_path: Path) -> None:
    for number, (name, category) in enumerate((("train", 7), ("valid", 9))):
        write(tmp_path, [picture()], [drawn(category=category)], f"{name}/labels.json")
        write_picture(tmp_path / name / "a.jpg", number)
    assert [(s.key, s.label, s.part) for s in open_coco(tmp_path).samples] == [
        ("train/a.jpg", "pit", "train"),
        ("valid/a.jpg", "rust", "validation"),
    ]


def test_entry_that_fits_two_pictures_alike_labels_neither_and_the_others_are_read(tmp_path: Path) -> None:
    images = [{"id": n, "file_name": f"{name}.jpg"} for n, name in enumerate("abc", start=1)]
    write(tmp_path, images, [drawn(1, segmentation=SQUARE), drawn(2, segmentation=SQUARE)])
    for number, name in enumerate(("x/a", "y/a", "x/b", "x/c")):
        write_picture(tmp_path / f"{name}.jpg", number)
    dataset = open_coco(tmp_path)
    assert [(s.key, s.label) for s in dataset.samples] == [("x/b.jpg", "pit"), ("x/c.jpg", "ok")]
    assert [one.reason for one in dataset.unused] == ["a.jpg may be x/a.jpg or y/a.jpg."]
