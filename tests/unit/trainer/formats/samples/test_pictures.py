"""Which picture a label file means, and the sizes of pictures and masks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.samples.pictures import PictureIndex, check_size, missing_notes, pictures_of, size_of, with_mask


def index(folder: Path, *names: str) -> PictureIndex:
    for number, name in enumerate(names):
        write_picture(folder / name, number)
    return PictureIndex(folder)


def found(pictures: PictureIndex, name: str, near: Path | None = None) -> str:
    path = pictures.find(name, near)
    return pictures.key(path) if path else ""


def test_in_a_data_set_a_png_of_few_colours_beside_a_jpeg_of_its_stem_is_its_mask(tmp_path: Path) -> None:
    for number, name in enumerate(("a.jpg", "b.png", "c.JPEG", "d_label.png", "e/a.png", "f.bmp", "g.jpg", "h.jpg")):
        write_picture(tmp_path / name, number)
    write_mask(tmp_path / "a.png", box_mask(4, 5, 12, 11))
    write_mask(tmp_path / "c.PNG", cv2.GaussianBlur(box_mask(90, 90, 300, 300, (900, 1200)), (0, 0), 3))
    write_text(tmp_path / "h.png", "no picture")
    # A photograph saved twice is two pictures.
    write_picture(tmp_path / "g.png", 9)
    kept = [path.relative_to(tmp_path).as_posix() for path in pictures_of(tmp_path)]
    assert kept == ["a.jpg", "b.png", "c.JPEG", "e/a.png", "f.bmp", "g.jpg", "g.png", "h.jpg"]


def test_name_of_a_png_that_is_taken_for_a_mask_is_not_that_of_the_jpeg_beside_it(tmp_path: Path) -> None:
    write_mask(tmp_path / "a.png", box_mask(4, 5, 12, 11))
    pictures = index(tmp_path, "a.jpg", "b.jpg")
    assert (found(pictures, "a.jpg"), found(pictures, "a"), found(pictures, "b.png")) == ("a.jpg", "a.jpg", "b.jpg")
    with pytest.raises(DatasetError, match=r"^a.png may be a.png or a.jpg"):
        pictures.find("a.png")
    write_picture(tmp_path / "a.png", 7)
    assert found(PictureIndex(tmp_path), "a.png") == "a.png"


def test_picture_is_found_by_name_whatever_folder_is_named(tmp_path: Path) -> None:
    pictures = index(tmp_path, "x/a.jpg", "y/b.jpg")
    assert found(pictures, "a.jpg") == found(pictures, "C:\\data\\a.jpg") == found(pictures, "/z/a.jpg") == "x/a.jpg"
    assert found(pictures, "c.jpg") == ""


def test_another_suffix_will_do_where_no_picture_has_the_named_one(tmp_path: Path) -> None:
    pictures = index(tmp_path, "x/a.jpg", "y/a.bmp", "b.bmp")
    assert found(pictures, "a.jpg") == "x/a.jpg" and found(pictures, "a.bmp") == "y/a.bmp"
    assert found(pictures, "b.tif") == "b.bmp"
    assert found(pictures, "z/a.bmp", tmp_path / "x") == "y/a.bmp"


def test_of_pictures_of_one_name_the_path_s_end_says_which(tmp_path: Path) -> None:
    pictures = index(tmp_path, "p/x/a.jpg", "p/y/a.jpg", "q/y/a.jpg")
    assert found(pictures, "x/a.jpg") == "p/x/a.jpg"
    assert found(pictures, "x/a.jpg", tmp_path / "q" / "y") == "p/x/a.jpg"
    assert found(pictures, "q\\y\\a.jpg") == "q/y/a.jpg"
    assert found(pictures, "p/y/a.jpg", tmp_path / "q") == "p/y/a.jpg"


def test_of_pictures_that_fit_alike_the_near_one_is_meant(tmp_path: Path) -> None:
    pictures = index(tmp_path, "p/x/a.jpg", "p/y/a.jpg", "q/y/a.jpg")
    assert found(pictures, "a.jpg", tmp_path / "p" / "y") == "p/y/a.jpg"
    assert found(pictures, "a.jpg", tmp_path / "q") == "q/y/a.jpg"


def test_of_pictures_that_fit_alike_the_one_in_a_folder_of_the_same_name_is_meant(tmp_path: Path) -> None:
    pictures = index(tmp_path, "p/x/a.jpg", "p/y/a.jpg")
    assert found(pictures, "a.jpg", tmp_path / "labels" / "x") == "p/x/a.jpg"
    assert found(pictures, "a.jpg", tmp_path / "labels" / "y") == "p/y/a.jpg"
    with pytest.raises(DatasetError, match="may be"):
        pictures.find("a.jpg", tmp_path / "labels" / "z")


def test_different_pictures_that_fit_alike_are_both_named(tmp_path: Path) -> None:
    pictures = index(tmp_path, "x/a.jpg", "y/a.jpg")
    with pytest.raises(DatasetError, match=r"^a.jpg may be x/a.jpg or y/a.jpg"):
        pictures.find("a.jpg")
    (tmp_path / "y" / "a.jpg").write_bytes((tmp_path / "x" / "a.jpg").read_bytes())
    assert found(pictures, "a.jpg") == "x/a.jpg"


def test_index_of_given_pictures_knows_no_others(tmp_path: Path) -> None:
    index(tmp_path, "x/a.jpg", "y/b.jpg")
    few = PictureIndex(tmp_path, [tmp_path / "y" / "b.jpg"])
    assert (found(few, "a.jpg"), found(few, "b.jpg"), len(few.paths)) == ("", "y/b.jpg", 1)
    assert PictureIndex(tmp_path, []).paths == []


def test_missing_pictures_are_counted_and_all_missing_is_refused(tmp_path: Path) -> None:
    assert missing_notes(tmp_path, 0, 0, "here") == missing_notes(tmp_path, 3, 0, "here") == ()
    assert missing_notes(tmp_path, 3, 1, "here") == ("1 of 3 named pictures are missing and left out.",)
    with pytest.raises(DatasetError, match="names 3 pictures and all 3 are missing; they are looked for in here"):
        missing_notes(tmp_path, 3, 3, "here")


def test_size_is_height_and_width_by_the_header_alone(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.png", 1)
    path.write_bytes(path.read_bytes()[:40])
    assert size_of(path) == SIZE == (24, 32)
    assert size_of(write_text(tmp_path / "b.png", "no picture")) is None
    with pytest.raises(DatasetError, match=r"c.png cannot be read \(No such file"):
        size_of(tmp_path / "c.png")


@pytest.mark.parametrize(("notes", "size"), [(15, SIZE), (16, None)])
def test_header_is_looked_for_in_the_first_mebibyte(tmp_path: Path, notes: int, size: tuple[int, int] | None) -> None:
    whole = write_picture(tmp_path / "a.jpg", 1).read_bytes()
    note = b"\xff\xed\xff\xff" + bytes(65533)
    path = tmp_path / "b.jpg"
    path.write_bytes(whole[:2] + note * notes + whole[2:])
    assert size_of(path) == size


def test_another_size_than_the_picture_s_is_refused(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.png", 1)
    check_size("It", (24, 32), path)
    check_size("It", (1, 1), write_text(tmp_path / "b.png", "no picture"))
    for size in ((24, 31), (25, 32), (32, 24)):
        with pytest.raises(DatasetError) as caught:
            check_size("It", size, path)
        assert caught.value.message == (f"It is made for {size[1]}×{size[0]} pixels, but the picture {path} has 32×24.")


def test_mask_is_made_for_the_picture_that_is_read(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.png", 1)
    asked: list[tuple[int, int]] = []

    def mask(height: int, width: int) -> Mask:
        asked.append((height, width))
        return box_mask(1, 2, 3, 4)

    load = with_mask(path, mask)
    assert asked == []
    pixels, drawn = load()
    assert asked == [(24, 32)] and drawn is not None and np.array_equal(drawn, box_mask(1, 2, 3, 4))
    assert np.array_equal(pixels, cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))


@pytest.mark.parametrize("size", [(24, 31), (23, 32)])
def test_mask_of_another_size_than_the_picture_that_is_read_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_picture(tmp_path / "a.png", 1)
    with pytest.raises(DatasetError, match=f"Its mask is made for {size[1]}×{size[0]} pixels, .* has 32×24"):
        with_mask(path, lambda *_: np.zeros(size, np.uint8))()
