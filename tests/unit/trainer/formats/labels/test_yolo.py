"""YOLO: names, fractions of the picture, text files and their pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, hollow, write_picture, write_text
from trainer.formats.labels.yolo import class_names, looks_like, open_yolo
from trainer.formats.samples.dataset import Dataset

MIB = 1024**2

HEIGHT, WIDTH = SIZE
BOX = "0 0.5 0.5 0.4 0.2"
"""Of area 0.08."""


def polygon(*places: tuple[float, float], label: int = 1) -> str:
    return f"{label} " + " ".join(f"{x} {y}" for x, y in places)


def opened(folder: Path, *texts: str) -> Dataset:
    """A set with one picture a text, and a sound one at its end."""
    write_text(folder / "classes.txt", "pit\nrust\n")
    for number, text in enumerate((*texts, "")):
        write_picture(folder / "images" / f"{number}.png", number)
        write_text(folder / "labels" / f"{number}.txt", text)
    return open_yolo(folder)


def test_box_has_the_area_of_its_sides_wherever_it_lies(tmp_path: Path) -> None:
    smaller, larger = (polygon((0, 0), (side, 0), (side, 0.2), (0, 0.2)) for side in (0.399, 0.401))
    boxes = ("0 0.5 0.5 0.4 0.2", "0 0.2 0.9 0.4 0.2", "0 0.7 0.1 0.4 0.2")
    dataset = opened(tmp_path, *(f"{box}\n{other}\n" for box in boxes for other in (smaller, larger)))
    assert [s.label for s in dataset.samples] == ["pit", "rust"] * 3 + ["ok"]


def test_areas_of_a_class_are_added_and_ties_go_by_name(tmp_path: Path) -> None:
    half, whole = "1 0.5 0.5 0.2 0.2", "1 0.5 0.5 0.4 0.2"
    dataset = opened(tmp_path, f"{BOX}\n{half}", f"{whole}\n{BOX}", f"{half}\n\n  \n{half}\n{half}\n{BOX}")
    found = [(s.label, s.also) for s in dataset.samples]
    assert found == [("pit", ("rust",)), ("pit", ("rust",)), ("rust", ("pit",)), ("ok", ())]


def test_corners_lie_between_the_picture_s_edges_and_pixels_half_a_pixel_inside(tmp_path: Path) -> None:
    left, top, right, bottom = 8.5 / WIDTH, 4.5 / HEIGHT, 19.5 / WIDTH, 14.5 / HEIGHT
    outline = polygon((left, top), (right, top), (right, bottom), (left, bottom))
    whole = polygon((0, 0), (1, 0), (1, 1), (0, 1))
    inner = polygon((0.5 / WIDTH, 0.5 / HEIGHT), (1, 0.5 / HEIGHT), (1, 1), (0.5 / WIDTH, 1), label=0)
    masks = [s.load()[1] for s in opened(tmp_path, outline, whole, inner).samples]
    assert all(mask is not None for mask in masks)
    drawn = [mask for mask in masks if mask is not None]
    assert np.array_equal(drawn[0], box_mask(8, 4, 20, 15))
    assert (drawn[1] == 255).all() and (drawn[2] == 255).all() and not drawn[3].any()


def test_one_box_among_outlines_leaves_the_picture_without_mask(tmp_path: Path) -> None:
    triangle = polygon((0, 0), (0.5, 0), (0, 0.5))
    dataset = opened(tmp_path, triangle, f"{triangle}\n{BOX}", BOX)
    assert [s.has_mask for s in dataset.samples] == [True, False, False, True]
    assert [s.load()[1] is None for s in dataset.samples] == [False, True, True, False]


@pytest.mark.parametrize("value", ["-0.001", "1.001", "0", "1"])
def test_fraction_may_leave_the_picture_by_a_thousandth(tmp_path: Path, value: str) -> None:
    dataset = opened(tmp_path, f"0 {value} 0.5 0.4 0.2", f"1 0.1 0.1 0.2 0.1 0.2 {value}")
    assert [s.label for s in dataset.samples] == ["pit", "rust", "ok"]


@pytest.mark.parametrize("value", ["-0.0011", "1.0011", "-inf", "2"])
def test_fraction_that_leaves_the_picture_by_more_is_refused(tmp_path: Path, value: str) -> None:
    for text in (f"0 {value} 0.5 0.4 0.2", f"1 0.1 0.1 0.2 0.1 0.2 {value}"):
        with pytest.raises(DatasetError, match=r"0.txt line 1: has a place outside the picture"):
            opened(tmp_path, text)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 7, 9])
def test_line_of_other_lengths_is_neither_box_nor_polygon(tmp_path: Path, count: int) -> None:
    with pytest.raises(DatasetError, match=r"0.txt line 2: is neither a box nor a polygon"):
        opened(tmp_path, "\n0 " + " ".join(["0.5"] * count))


@pytest.mark.parametrize(
    ("line", "message"), [("2 0.5 0.5 0.1 0.1", "the class 2, which has no name"), ("0.0 1", "num")]
)
def test_class_is_a_whole_number_with_a_name(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(DatasetError, match=f"line 1: .*{message}"):
        opened(tmp_path, line)


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        ("classes.txt", "pit\n  rust \n", {0: "pit", 1: "rust"}),
        ("classes.txt", "pit\n\n  rust \n", {0: "pit", 2: "rust"}),
        ("obj.names", "pit", {0: "pit"}),
        ("labels/classes.txt", "pit", {0: "pit"}),
        ("data.yaml", "names: [pit, 7]\n", {0: "pit", 1: "7"}),
        ("set.yaml", "names:\n  3: pit\n  5: rust\n", {3: "pit", 5: "rust"}),
        ("set.yml", "names: [pit]\n", {0: "pit"}),
    ],
)
def test_names_are_found_where_tools_write_them(tmp_path: Path, name: str, text: str, names: dict[int, str]) -> None:
    write_text(tmp_path / "other.yaml", "nc: 2\n")
    write_text(tmp_path / name, text)
    assert class_names(tmp_path) == names


def test_data_yaml_comes_before_other_files_and_lists(tmp_path: Path) -> None:
    write_text(tmp_path / "classes.txt", "\nlast\n")
    write_text(tmp_path / "a.yaml", "names: [second]\n")
    assert class_names(tmp_path) == {0: "second"}
    write_text(tmp_path / "data.yaml", "names: [first]\n")
    assert class_names(tmp_path) == {0: "first"}
    (tmp_path / "data.yaml").unlink()
    write_text(tmp_path / "b.yml", "names: [third]\n")
    assert class_names(tmp_path) == {0: ""}


@pytest.mark.parametrize("place", ["classes.txt", "labels/classes.txt", "obj.names"])
def test_number_that_two_files_call_differently_labels_nothing(tmp_path: Path, place: str) -> None:
    write_text(tmp_path / "data.yaml", "names: [ok, scratch, Pit]\n")
    write_text(tmp_path / place, "scratch\nok\npit\n")
    for number, text in enumerate(("0 0.5 0.5 0.4 0.2", "1 0.5 0.5 0.4 0.2", "2 0.5 0.5 0.4 0.2", "")):
        write_picture(tmp_path / "images" / f"{number}.png", number)
        write_text(tmp_path / "labels" / f"{number}.txt", text)
    dataset = open_yolo(tmp_path)
    assert {s.key: s.label for s in dataset.samples} == {"images/2.png": "Pit", "images/3.png": "ok"}
    assert [str(one).replace(f"{tmp_path}/", "") for one in dataset.unused] == [
        f"labels/{number}.txt line 1: has the class {number}, which has no name in data.yaml, or two."
        for number in (0, 1)
    ]


@pytest.mark.parametrize("names", ["{0: pit, 1: }", "[pit, '']", "[pit, ~]"])
def test_missing_name_costs_only_its_own_labels(tmp_path: Path, names: str) -> None:
    write_text(tmp_path / "data.yaml", f"names: {names}\n")
    dataset = opened(tmp_path, BOX, BOX.replace("0", "1", 1))
    assert {s.key: s.label for s in dataset.samples} == {"images/0.png": "pit", "images/2.png": "ok"}
    assert dataset.classes == ("ok", "pit")
    assert [one.where for one in dataset.unused] == [f"{tmp_path}/labels/1.txt line 1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names: []\n", "no list of names"),
        ("names: pit\n", "no list of names"),
        ("names:\n", "no list of names"),
        ("names: {a: pit}\n", "a name without a number"),
        ("names: {true: pit}\n", "a name without a number"),
        ("names: [[pit]]\n", "a name without a number"),
        ("names: [pit\n", "not valid YAML"),
    ],
)
def test_names_that_are_no_list_are_refused(tmp_path: Path, text: str, message: str) -> None:
    write_text(tmp_path / "data.yaml", text)
    with pytest.raises(DatasetError, match=f"data.yaml.*{message}|data.yaml has {message}"):
        class_names(tmp_path)


def test_set_without_names_is_refused(tmp_path: Path) -> None:
    write_text(tmp_path / "data.yaml", "nc: 2\n")
    with pytest.raises(DatasetError, match=r"holds no data.yaml and no classes.txt"):
        class_names(tmp_path)


def test_ten_thousand_names_are_the_most(tmp_path: Path) -> None:
    write_text(tmp_path / "data.yaml", f"names: [{'a,' * 10_000}]\n")
    assert len(class_names(tmp_path)) == 10_000
    write_text(tmp_path / "data.yaml", f"names: [{'a,' * 10_001}]\n")
    with pytest.raises(DatasetError, match="no list of names"):
        class_names(tmp_path)


def test_files_of_names_and_of_labels_have_a_bound(tmp_path: Path) -> None:
    path = write_text(tmp_path / "classes.txt", "pit" + " " * (MIB - 3))
    assert class_names(tmp_path) == {0: "pit"}
    write_text(path, "pit" + " " * (MIB - 2))
    with pytest.raises(DatasetError, match="larger than 1 MiB"):
        class_names(tmp_path)
    write_text(path, "pit")
    write_text(tmp_path / "a.yaml", "names: [pit] #" + "x" * (MIB - 14))
    assert class_names(tmp_path) == {0: "pit"}
    write_text(path, "pit" + " " * (MIB - 2))
    write_text(tmp_path / "a.yaml", "names: [pit] #" + "x" * (MIB - 13))
    with pytest.raises(DatasetError, match=r"classes.txt is larger"):
        class_names(tmp_path)


def test_text_of_sixteen_mebibytes_is_the_longest(tmp_path: Path) -> None:
    opened(tmp_path, BOX)
    text = tmp_path / "labels" / "0.txt"
    write_text(text, BOX + " " * (16 * MIB - len(BOX)))
    assert open_yolo(tmp_path).counts() == {"ok": 1, "pit": 1}
    hollow(text, 16 * MIB + 1)
    with pytest.raises(DatasetError, match=r"0.txt: is larger than 16 MiB"):
        open_yolo(tmp_path)


def test_layout_needs_names_and_texts_among_the_first_fifty(tmp_path: Path) -> None:
    write_text(tmp_path / "labels" / "a.txt", "")
    assert not looks_like(tmp_path)
    write_text(tmp_path / "classes.txt", "pit\n")
    assert looks_like(tmp_path)
    for number in range(48):
        write_text(tmp_path / f"{number}.txt", "")
    assert looks_like(tmp_path)
    write_text(tmp_path / "48.txt", "")
    assert not looks_like(tmp_path)


def test_texts_without_pictures_are_counted_and_pictures_without_texts_are_sound(tmp_path: Path) -> None:
    opened(tmp_path, BOX, BOX)
    write_text(tmp_path / "labels" / "gone.txt", BOX)
    write_text(tmp_path / "labels" / "0.txt", BOX)
    (tmp_path / "labels" / "1.txt").unlink()
    write_text(tmp_path / "notes" / "readme.txt", "no label")
    write_text(tmp_path / "notes" / "lost.txt", f"\n{BOX}")
    dataset = open_yolo(tmp_path)
    assert [(s.key, s.label) for s in dataset.samples] == [
        ("images/0.png", "pit"),
        ("images/1.png", "ok"),
        ("images/2.png", "ok"),
    ]
    assert (dataset.missing, dataset.notes) == (
        2,
        ("2 of 4 named pictures are missing and left out.", "No picture shows rust."),
    )
    assert [one.where for one in dataset.unused] == [
        str(tmp_path / "labels/gone.txt"),
        str(tmp_path / "notes/lost.txt"),
    ]
    assert [s.assumed for s in dataset.samples] == [False, True, False] and dataset.doubtful == 1


def test_line_that_is_left_out_leaves_its_picture_without_mask_and_never_sound(tmp_path: Path) -> None:
    outline = polygon((0, 0), (0.5, 0), (0, 0.5))
    dataset = opened(tmp_path, outline, f"{outline}\n9 0 0 0 0", "9 0 0 0 0")
    assert [(s.key, s.label, s.has_mask) for s in dataset.samples] == [
        ("images/0.png", "rust", True),
        ("images/1.png", "rust", False),
        ("images/3.png", "ok", True),
    ]
    assert [one.reason for one in dataset.unused] == ["has the class 9, which has no name."] * 2
    assert dataset.doubtful == 0


@pytest.mark.parametrize(
    ("picture", "text", "part"),
    [
        ("images/a.png", "labels/a.txt", ""),
        ("images/Val/a.png", "labels/Val/a.txt", "validation"),
        ("test/images/a.png", "test/labels/a.txt", "test"),
        ("images/images/a.png", "images/labels/a.txt", ""),
        ("training/a.png", "training/a.txt", "train"),
        ("x/images.png", "x/images.txt", ""),
        ("x/train.png", "x/train.txt", ""),
    ],
)
def test_text_lies_in_labels_for_the_last_images_else_beside(
    tmp_path: Path, picture: str, text: str, part: str
) -> None:
    write_text(tmp_path / "classes.txt", "pit\n")
    write_picture(tmp_path / picture, 1)
    write_text(tmp_path / text, BOX)
    write_picture(tmp_path / Path(picture).with_name("z.png"), 2)
    assert looks_like(tmp_path)
    assert [(s.label, s.part) for s in open_yolo(tmp_path).samples] == [("pit", part), ("ok", part)]
