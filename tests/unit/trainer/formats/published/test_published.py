"""KolektorSDD, magnetic tiles and GC10-DET: their names, groups and what is left out."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.published import gc10, kolektor, magnetic
from trainer.formats.published.kolektor import open_kolektor
from trainer.formats.published.magnetic import open_magnetic

EMPTY = np.zeros(SIZE, np.uint8)
SPOT = box_mask(5, 6, 6, 7)


def test_kolektor_picture_without_label_is_passed_over_and_those_after_it_are_read(tmp_path: Path) -> None:
    for number, name in enumerate(("kos01/Part0", "kos01/Part1", "kos01/Part10", "kos02/Part2")):
        write_picture(tmp_path / f"{name}.jpg", number)
    for name, mask in (
        ("kos01/Part1_label.bmp", SPOT),
        ("kos01/Part10_label.png", EMPTY),
        ("kos02/Part2_label.png", EMPTY),
    ):
        write_mask(tmp_path / name, mask)
    dataset = open_kolektor(tmp_path)
    assert [(s.key, s.label, s.group, s.has_mask) for s in dataset.samples] == [
        ("kos01/Part1.jpg", "defect", "kos01", True),
        ("kos01/Part10.jpg", "ok", "kos01", True),
        ("kos02/Part2.jpg", "ok", "kos02", True),
    ]
    mask = dataset.samples[0].load()[1]
    assert mask is not None and np.array_equal(mask, SPOT)
    assert dataset.notes == ("1 pictures have no label picture beside them and are left out.",)


def test_kolektor_picture_with_two_labels_is_read_where_they_say_the_same(tmp_path: Path) -> None:
    for number, other in enumerate((EMPTY, SPOT)):
        write_picture(tmp_path / "kos01" / f"Part{number}.jpg", number)
        write_mask(tmp_path / "kos01" / f"Part{number}_label.png", EMPTY)
        write_mask(tmp_path / "kos01" / f"Part{number}_label.bmp", other)
    dataset = open_kolektor(tmp_path)
    assert (dataset.counts(), dataset.notes) == ({"ok": 1, "defect": 0}, ("No picture shows defect.",))
    assert [str(one) for one in dataset.unused] == [
        f"{tmp_path / 'kos01' / 'Part1_label.png'}: says something else of Part1.jpg than Part1_label.bmp."
    ]


def test_kolektor_is_told_by_a_label_picture_in_a_folder(tmp_path: Path) -> None:
    write_picture(tmp_path / "kos01" / "Part0.jpg", 1)
    write_mask(tmp_path / "Part0_label.png", EMPTY)
    assert not kolektor.looks_like(tmp_path)
    write_mask(tmp_path / "kos02" / "Part0_label.bmp", EMPTY)
    assert kolektor.looks_like(tmp_path)
    with pytest.raises(DatasetError, match="holds no picture with a _label picture beside it"):
        open_kolektor(tmp_path)


def tiles(folder: Path, *shots: str, size: tuple[int, int] = SIZE) -> dict[str, set[str]]:
    """Which of the shots `Kind/expE_num_N` share a group."""
    for shot in shots:
        kind, name = shot.split("/")
        path = folder / f"MT_{kind}" / "Imgs" / f"{name}.jpg"
        if not path.exists():
            write_picture(path, zlib.crc32(shot.encode()), size)
    names = {f"MT_{s.split('/')[0]}/Imgs/{s.split('/')[1]}.jpg": s for s in shots}
    groups = {names[s.key]: s.group for s in open_magnetic(folder, ["Free"]).samples if s.key in names}
    return {shot: {other for other in shots if groups[other] == groups[shot]} - {shot} for shot in shots}


FREE = "Free/exp1_num_900000"


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("Crack/exp1_num_1000", "Break/exp2_num_1150", True),
        ("Crack/exp1_num_1000", "Break/exp2_num_1151", False),
        ("Crack/exp1_num_1000", "Crack/exp1_num_1000x", False),
        ("Crack/exp1_num_1000", "Crack/exp2_num_1400", True),
        ("Crack/exp1_num_1000", "Crack/exp2_num_1401", False),
        ("Crack/exp2_num_1000", "Crack/exp1_num_1400", False),
        ("Crack/exp1_num_1000", "Break/exp2_num_1400", False),
        ("Crack/exp1_num_1000", "Crack/exp1_num_4000", True),
        ("Crack/exp1_num_1000", "Crack/exp1_num_4001", False),
        ("Crack/exp1_num_1000", "Break/exp1_num_4000", False),
        ("Crack/exp1_num_1000", "Crack/xexp1_num_1000", False),
    ],
)
def test_tiles_are_one_group_by_frames_exposure_and_kind(tmp_path: Path, one: str, other: str, together: bool) -> None:
    found = tiles(tmp_path, one, other, FREE)
    assert found == {one: {other} if together else set(), other: {one} if together else set(), FREE: set()}


def test_tiles_of_another_size_did_not_come_back(tmp_path: Path) -> None:
    write_picture(tmp_path / "MT_Crack" / "Imgs" / "exp1_num_1000.jpg", 1, (24, 33))
    shots = ("Crack/exp1_num_1000", "Crack/exp1_num_3000", "Crack/exp1_num_4000", FREE)
    found = tiles(tmp_path, *shots)
    assert found[shots[0]] == set() and found[shots[1]] == {shots[2]}


def test_chain_of_near_frames_is_one_tile_and_every_earlier_shot_is_asked(tmp_path: Path) -> None:
    chain = ("Crack/exp1_num_1000", "Break/exp3_num_1140", "Crack/exp1_num_1280", "Crack/exp2_num_1390", FREE)
    found = tiles(tmp_path, *chain)
    assert found[chain[0]] == set(chain[1:4])
    far = ("Pit/exp1_num_20000", "Dent/exp1_num_20200", "Pit/exp1_num_22900", FREE)
    assert tiles(tmp_path, *far)[far[0]] == {far[2]}


def test_magnetic_masks_are_drawn_but_for_empty_ones_on_defects(tmp_path: Path) -> None:
    for number, name in enumerate(("MT_Crack/Imgs/a", "MT_Crack/Imgs/b", "MT_Crack/Imgs/c", "MT_Free/Imgs/d")):
        write_picture(tmp_path / f"{name}.jpg", number)
    for name, mask in (("MT_Crack/Imgs/a", SPOT), ("MT_Crack/Imgs/b", EMPTY), ("MT_Free/Imgs/d", EMPTY)):
        write_mask(tmp_path / f"{name}.png", mask)
    (tmp_path / "MT_Dent" / "Imgs").mkdir(parents=True)
    write_text(tmp_path / "MT_readme.txt", "a file")
    dataset = open_magnetic(tmp_path)
    assert [(s.key[-5:], s.label, s.has_mask, s.group == s.key) for s in dataset.samples] == [
        ("a.jpg", "Crack", True, True),
        ("b.jpg", "Crack", False, True),
        ("c.jpg", "Crack", False, True),
        ("d.jpg", "Free", True, True),
    ]
    masks = [s.load()[1] for s in dataset.samples]
    assert masks[0] is not None and np.array_equal(masks[0], SPOT)
    assert masks[1] is None and masks[2] is None and masks[3] is not None and not masks[3].any()
    assert dataset.notes == ("No picture shows Dent.",)


def test_magnetic_mask_without_its_picture_is_none_and_a_set_of_png_pictures_has_no_masks(tmp_path: Path) -> None:
    for number, name in enumerate(("MT_Crack/Imgs/a.png", "MT_Free/Imgs/b.png")):
        write_picture(tmp_path / name, number)
    assert [(s.label, s.has_mask) for s in open_magnetic(tmp_path).samples] == [("Crack", False), ("Free", False)]
    for number, name in enumerate(("MT_Crack/Imgs/c.jpg", "MT_Free/Imgs/d.jpg")):
        write_picture(tmp_path / name, number)
    dataset = open_magnetic(tmp_path)
    assert [Path(s.key).name for s in dataset.samples] == ["c.jpg", "d.jpg"]
    assert [Path(one.where).name for one in dataset.unused] == ["a.png", "b.png"]


def test_kolektor_label_without_its_picture_is_named(tmp_path: Path) -> None:
    write_picture(tmp_path / "kos01" / "Part0.jpg", 1)
    for name in ("Part0_label.png", "Part1_label.bmp", "Part2_GT.png"):
        write_mask(tmp_path / "kos01" / name, SPOT)
    (tmp_path / "kos01" / "Part2_GT.png").rename(tmp_path / "Part2_GT.png")
    dataset = open_kolektor(tmp_path)
    assert [Path(one.where).name for one in dataset.unused] == ["Part2_GT.png", "Part1_label.bmp"]


def test_magnetic_is_told_by_a_folder_imgs(tmp_path: Path) -> None:
    (tmp_path / "MT_Crack").mkdir()
    (tmp_path / "Free" / "Imgs").mkdir(parents=True)
    assert not magnetic.looks_like(tmp_path)
    (tmp_path / "MT_Crack" / "Imgs").mkdir()
    assert magnetic.looks_like(tmp_path)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("1_chongkong", "punching"),
        (" 10 - YAOZHED ", "waist_folding"),
        ("yaozhe", "waist_folding"),
        ("_yahen", ""),
        ("8_yahen_2", ""),
        ("", ""),
    ],
)
def test_gc10_word_after_the_number_is_the_class(name: str, found: str) -> None:
    assert gc10.class_name(name) == found


def renamed(path: Path, name: str) -> Path:
    return path.rename(path.with_name(name))


def test_masks_in_capitals_are_masks(tmp_path: Path) -> None:
    shots = (("MT_Crack/Imgs/a", SPOT), ("MT_Crack/Imgs/b", EMPTY), ("MT_Free/Imgs/c", SPOT), ("MT_Free/Imgs/d", EMPTY))
    for number, (name, mask) in enumerate(shots):
        write_picture(tmp_path / f"{name}.jpg", number)
        path = write_mask(tmp_path / f"{name}.png", mask)
        renamed(path, f"{path.stem.upper()}.PNG")
    dataset = open_magnetic(tmp_path)
    assert [(s.label, s.has_mask) for s in dataset.samples] == [("Crack", True), ("Crack", False), ("Free", True)]
    assert [one.reason for one in dataset.unused] == ["it draws a defect on c.jpg, which is Free."]
    mask = dataset.samples[0].load()[1]
    assert mask is not None and np.array_equal(mask, SPOT)


@pytest.mark.parametrize(("place", "names"), [("kos01", "PART{}_LABEL.BMP"), ("train", "{}_gt.PNG")])
def test_kolektor_label_pictures_in_capitals_are_none_of_the_parts(tmp_path: Path, place: str, names: str) -> None:
    word = "Part" if place == "kos01" else ""
    for number, mask in enumerate((SPOT, EMPTY)):
        write_picture(tmp_path / place / f"{word}{number}.jpg", number)
        name = names.format(number)
        renamed(write_mask(tmp_path / place / f"{number}{Path(name).suffix.lower()}", mask), name)
    assert kolektor.looks_like(tmp_path)
    dataset = open_kolektor(tmp_path)
    assert [(s.label, s.has_mask) for s in dataset.samples] == [("defect", True), ("ok", True)] and not dataset.unused
