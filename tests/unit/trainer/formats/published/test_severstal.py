"""Severstal's csv: which tables count, and what a row may say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DatasetError
from tests.labelled import box_mask, hollow, turn, write_picture, write_text
from trainer.formats.published import severstal
from trainer.formats.published.severstal import looks_like, open_severstal, read_runs, tables

MIB = 1024**2

HEAD = "ImageId,ClassId,EncodedPixels\n"


def numbers(folder: Path, text: str) -> dict[str, list[int]]:
    return {name: sorted(rows.runs) for name, rows in read_runs(write_text(folder / "a.csv", text)).items()}


def test_every_row_counts_and_one_without_runs_names_a_sound_picture(tmp_path: Path) -> None:
    text = f"{HEAD}b.jpg,2,1 1\n\na.jpg,,\nb.jpg,1,5 2\nc.jpg,4, \n"
    found = read_runs(write_text(tmp_path / "a.csv", text))
    assert list(found) == ["b.jpg", "a.jpg", "c.jpg"]
    assert {name: list(rows.runs) for name, rows in found.items()} == {"b.jpg": [2, 1], "a.jpg": [], "c.jpg": []}
    assert found["b.jpg"].runs[1].end == 6


def test_nan_is_no_runs_as_pandas_writes_it(tmp_path: Path) -> None:
    assert numbers(tmp_path, f"{HEAD}a.jpg,1.0,1 1\nb.jpg,nan,NaN\n") == {"a.jpg": [1], "b.jpg": []}


@pytest.mark.parametrize("separator", [";", "\t"])
def test_table_that_a_spreadsheet_saved_is_read(tmp_path: Path, separator: str) -> None:
    text = f"\ufeff{HEAD}a.jpg,1,1 1 3 2\r\nb.jpg,4,7 2\r\n".replace(",", separator)
    assert numbers(tmp_path, text) == {"a.jpg": [1], "b.jpg": [4]}
    assert looks_like(tmp_path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EncodedPixels, ClassId ,ImageId,more\n1 1, 3 , a.jpg ,x\n", {"a.jpg": [3]}),
        ("EncodedPixels,ImageId_ClassId\n1 1,a_b.jpg_3\n", {"a_b.jpg": [3]}),
        ("\ufeffImageId_ClassId,EncodedPixels\na.jpg_1,1 1\na.jpg_2,\na.jpg_4,9 1\n", {"a.jpg": [1, 4]}),
        ('ImageId,ClassId,EncodedPixels\n"a,b.jpg",1,1 1\n', {"a,b.jpg": [1]}),
    ],
)
def test_columns_may_stand_in_any_order(tmp_path: Path, text: str, found: dict[str, list[int]]) -> None:
    assert numbers(tmp_path, text) == found


@pytest.mark.parametrize(("number", "label"), [("1", 1), ("99", 99), ("007", 7), ("3.0", 3)])
def test_classes_are_numbered_from_1_to_99(tmp_path: Path, number: str, label: int) -> None:
    assert numbers(tmp_path, f"{HEAD}a.jpg,{number},1 1\n") == {"a.jpg": [label]}


@pytest.mark.parametrize("number", ["0", "100", "0001", "-1", "1.5", "nan", "²", "", "x" * 30])
def test_other_class_numbers_are_named_with_their_line(tmp_path: Path, number: str) -> None:
    with pytest.raises(DatasetError) as caught:
        numbers(tmp_path, f"{HEAD}a.jpg,1,1 1\nb.jpg,{number},1 1\n")
    assert f"a.csv line 3 has the class {number[:20]!r}; classes" in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEAD}a.jpg,1,1 1\na.jpg,1,9 1\n", "line 3 names class 1 of a.jpg for the second time"),
        (f"{HEAD},1,1 1\n", "line 2 names no picture and class"),
        (f"{HEAD}a.jpg,1\n", "line 2 has too few columns"),
        ("ImageId_ClassId,EncodedPixels\na.jpg,1 1\n", "line 2 names no picture and class"),
        ("ImageId_ClassId\na.jpg_1\n", "lacks the column EncodedPixels"),
        ("ImageId,EncodedPixels\na.jpg,1 1\n", "lacks the column ClassId"),
        ("", "lacks the column ImageId"),
    ],
)
def test_bad_row_or_head_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=f"a.csv {message}"):
        numbers(tmp_path, text)


def test_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(HEAD.encode() + b"gr\xfcn.jpg,1,1 1\n")
    with pytest.raises(DatasetError, match=r"a.csv cannot be read"):
        read_runs(tmp_path / "a.csv")
    with pytest.raises(DatasetError, match=r"b.csv cannot be read"):
        read_runs(tmp_path / "b.csv")


def test_table_may_be_as_long_as_the_bound_and_no_byte_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetError, match="larger than 512 MiB"):
        read_runs(hollow(tmp_path / "a.csv", 512 * MIB + 1))
    text = f"{HEAD}a.jpg,1,1 1\n"
    monkeypatch.setattr(severstal, "MAX_BYTES", len(text))
    assert numbers(tmp_path, text) == {"a.jpg": [1]}
    with pytest.raises(DatasetError, match="larger"):
        numbers(tmp_path, text + "\n")


def test_train_csv_is_read_alone_and_the_sample_submission_never(tmp_path: Path) -> None:
    write_text(tmp_path / "Sample_Submission.csv", HEAD)
    write_text(tmp_path / "other.csv", "a,b\n")
    assert not looks_like(tmp_path)
    write_text(tmp_path / "a.csv", HEAD)
    write_text(tmp_path / "b.csv", " ImageId_ClassId ,EncodedPixels\n")
    assert [p.name for p in tables(tmp_path)] == ["a.csv", "b.csv"] and looks_like(tmp_path)
    write_text(tmp_path / "Train.csv", HEAD)
    assert [p.name for p in tables(tmp_path)] == ["Train.csv"]


def test_folder_without_a_table_says_what_is_lacking(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.jpg", 1)
    with pytest.raises(DatasetError, match="holds no csv with run lengths"):
        open_severstal(tmp_path)
    write_text(tmp_path / "b.csv", "ImageId,x\n")
    with pytest.raises(DatasetError, match=r"b.csv lacks the column ClassId"):
        open_severstal(tmp_path)
    write_text(tmp_path / "a.csv", "ImageId_ClassId\n")
    with pytest.raises(DatasetError, match=r"a.csv lacks the column EncodedPixels"):
        open_severstal(tmp_path)
    (tmp_path / "a.csv").unlink()
    write_text(tmp_path / "b.csv", "").rename(tmp_path / "sample_submission.csv")
    write_text(tmp_path / "sample_submission.csv", HEAD)
    with pytest.raises(DatasetError, match=r"sample_submission.csv lacks the column ImageId"):
        open_severstal(tmp_path)


def test_lowest_class_is_the_label_and_the_mask_holds_them_all(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", f"{HEAD}b.jpg,4,1 2\nb.jpg,1,25 3\nc.jpg,7,768 1\n")
    for number, name in enumerate("abc"):
        write_picture(tmp_path / f"{name}.jpg", number)
    write_picture(tmp_path / "below" / "b.jpg", 9)
    dataset = open_severstal(tmp_path)
    assert [(s.key, s.label, s.also) for s in dataset.samples] == [
        ("a.jpg", "ok", ()),
        ("b.jpg", "crack", ("other",)),
        ("c.jpg", "class_7", ()),
    ]
    masks = [s.load()[1] for s in dataset.samples]
    assert masks[1] is not None and np.array_equal(masks[1], box_mask(0, 0, 1, 2) | box_mask(1, 0, 2, 3))
    assert masks[2] is not None and np.array_equal(masks[2], box_mask(31, 23, 32, 24))
    assert (dataset.missing, dataset.notes) == (0, ())


def test_run_that_ends_past_the_picture_is_refused_when_the_set_is_opened(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", f"{HEAD}a.jpg,1,1 1\na.jpg,2,768 2\n")
    write_picture(tmp_path / "a.jpg", 1)
    with pytest.raises(DatasetError, match=r"a.jpg: The csv's row of a.jpg holds a run that ends at pixel 769"):
        open_severstal(tmp_path)


def test_line_that_is_left_out_leaves_its_picture_without_mask_and_never_sound(tmp_path: Path) -> None:
    rows = "a.jpg,1,1 1\na.jpg,2,5\nb.jpg,2,5\nc.jpg,,\nB2.JPG,1,1 1\ngone.jpg,1,1 1\nlost.jpg,,\n"
    write_text(tmp_path / "a.csv", HEAD + rows)
    for number, name in enumerate(("a", "b", "b2", "c", "d")):
        write_picture(tmp_path / f"{name}.jpg", number)
    dataset = open_severstal(tmp_path)
    assert [(s.key, s.label, s.has_mask, s.assumed) for s in dataset.samples] == [
        ("a.jpg", "crack", False, False),
        ("b2.jpg", "crack", True, False),
        ("c.jpg", "ok", True, False),
        ("d.jpg", "ok", True, True),
    ]
    assert [str(one) for one in dataset.unused] == [
        f"{tmp_path / 'a.csv'} line 3: holds an odd number of run length numbers.",
        f"{tmp_path / 'a.csv'} line 4: holds an odd number of run length numbers.",
        "gone.jpg: there is no picture of that name.",
    ]
    assert (dataset.missing, dataset.doubtful) == (2, 1)


def test_two_names_of_one_picture_leave_it_without_mask(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", f"{HEAD}a.jpg,1,1 1\nA.jpg,2,1 1\n")
    for number, name in enumerate("ab"):
        write_picture(tmp_path / f"{name}.jpg", number)
    dataset = open_severstal(tmp_path)
    assert [(s.label, s.has_mask) for s in dataset.samples] == [("crack", False), ("ok", True)]
    assert [str(one) for one in dataset.unused] == ["A.jpg: a.jpg has rows by another name already."]


def test_runs_on_a_picture_that_viewers_turn_are_left_out(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", f"{HEAD}a.jpg,1,1 1\nb.jpg,1,1 1\n")
    for number, name in enumerate("abc"):
        write_picture(tmp_path / f"{name}.jpg", number)
    turn(tmp_path / "a.jpg", 3)
    turn(tmp_path / "c.jpg", 3)
    dataset = open_severstal(tmp_path)
    assert [(s.key, s.label) for s in dataset.samples] == [("b.jpg", "crack"), ("c.jpg", "ok")]
    assert "whether the mask was turned too cannot be known" in dataset.unused[0].reason


def test_what_two_tables_say_of_a_picture_is_put_together(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", f"{HEAD}a.jpg,1,1 1\nb.jpg,1,1 1\nc.jpg,1,\n")
    write_text(tmp_path / "b.csv", f"{HEAD}b.jpg,1,1 2\na.jpg,2,1 1\na.jpg,1,1 1\nc.jpg,9,x\n")
    for number, name in enumerate("abcd"):
        write_picture(tmp_path / f"{name}.jpg", number)
    dataset = open_severstal(tmp_path)
    # What b and c show besides is not known, and nobody said that c is sound.
    assert [(s.key, s.label, s.also, s.has_mask) for s in dataset.samples] == [
        ("a.jpg", "crack", ("scratch",), True),
        ("b.jpg", "crack", (), False),
        ("d.jpg", "ok", (), True),
    ]
    assert [Path(one.where).name for one in dataset.unused] == ["b.csv line 5", "b.csv: b.jpg"]


@pytest.mark.parametrize(
    ("places", "read"), [(("train_images", "images"), "train_images"), (("images", "x"), "images")]
)
def test_pictures_lie_in_the_first_known_folder(tmp_path: Path, places: tuple[str, ...], read: str) -> None:
    write_text(tmp_path / "a.csv", f"{HEAD}a.jpg,1,1 1\ngone.jpg,1,1 1\nlost.jpg,,\n")
    for number, place in enumerate(places):
        write_picture(tmp_path / place / "a.jpg", number)
        write_picture(tmp_path / place / "b.jpg", 5 + number)
    dataset = open_severstal(tmp_path)
    assert [(s.key, s.label) for s in dataset.samples] == [(f"{read}/a.jpg", "crack"), (f"{read}/b.jpg", "ok")]
    assert (dataset.missing, dataset.notes) == (2, ("2 of 3 named pictures are missing and left out.",))
