"""What a folder holds: every entry is a picture or is left out for one reason, and nothing is opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.images.listing import (
    LeftOut,
    Why,
    counts,
    in_words,
    list_folder,
    list_pictures,
    natural_key,
    remedies,
)
from tests.unit.engine.images.drawn import Drawn, draw_folder

DRAWN = 2_000
SOME = 60


def _names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in list_pictures(folder)]


def test_pictures_come_in_natural_order_folder_by_folder(tmp_path: Path) -> None:
    for name in ("b/part10.png", "b/part2.PNG", "a.jpg", "b/part1.Tiff", "B2/x.webp", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert _names(tmp_path) == ["a.jpg", "b/part1.Tiff", "b/part2.PNG", "b/part10.png", "B2/x.webp"]


def test_masks_and_hidden_files_are_not_pictures(tmp_path: Path) -> None:
    (tmp_path / ".cache").mkdir()
    names = ("Part0.jpg", "Part0_label.png", "Part1.jpg", "Part1_label.bmp", "exp1.JPG", "exp1.png", "exp2.png")
    for name in (*names, ".hidden.png", "._part.jpg", ".cache/x.png"):
        (tmp_path / name).touch()
    # A PNG beside a JPEG of its stem is a picture: only a data set may take it for a mask.
    assert _names(tmp_path) == ["exp1.JPG", "exp1.png", "exp2.png", "Part0.jpg", "Part1.jpg"]


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone") as caught:
        list_pictures(tmp_path / "gone")
    assert caught.value.remedy


@given(st.lists(st.text("aB19_0²٣", min_size=1, max_size=6), max_size=8))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert len(sorted((Path(name) for name in names), key=natural_key)) == len(names)


def _told(folder: Path, *, recursive: bool = True) -> dict[str, Why]:
    left_out = list_folder(folder, recursive=recursive).left_out
    return {left.path.relative_to(folder).as_posix(): left.why for left in left_out}


def _check(drawn: Drawn) -> None:
    listing = list_folder(drawn.root)
    named = [path.relative_to(drawn.root).as_posix() for path in listing.pictures]
    assert len(named) + len(listing.left_out) == drawn.entries
    assert sorted(named) == sorted(drawn.pictures)
    assert _told(drawn.root) == drawn.left_out
    assert sum(counts(listing.left_out).values()) == len(listing.left_out)


@pytest.mark.parametrize("seed", range(SOME))
def test_pictures_and_left_out_are_the_whole_folder(tmp_path: Path, seed: int) -> None:
    _check(draw_folder(tmp_path / "drawn", seed))


@pytest.mark.prove(shard="pictures")
def test_two_thousand_drawn_folders_are_accounted_for(tmp_path: Path) -> None:
    for seed in range(SOME, SOME + DRAWN):
        _check(draw_folder(tmp_path / str(seed), seed))


def test_each_reason_is_told_by_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "x.png").touch()
    for name in (
        "folder.jpg/b.jpg",
        "a.png",
        "a_LABEL.png",
        "b.HEIC",
        "c.png.part",
        "notes.txt",
        "Thumbs.db",
        ".h.png",
    ):
        (tmp_path / name).touch()
    (tmp_path / "linked.jpg").symlink_to(tmp_path / "a.png")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "round.jpg").symlink_to(tmp_path / "round.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert _names(tmp_path) == ["a.png", "folder.jpg/b.jpg", "linked.jpg"]
    assert _told(tmp_path) == {
        ".cache": Why.HIDDEN,
        ".h.png": Why.HIDDEN,
        "a_LABEL.png": Why.MASK,
        "b.HEIC": Why.UNREAD,
        "c.png.part": Why.UNFINISHED,
        "gone.jpg": Why.NO_FILE,
        "loop": Why.LINK,
        "notes.txt": Why.NO_PICTURE,
        "pipe.jpg": Why.NO_FILE,
        "round.jpg": Why.NO_FILE,
        "Thumbs.db": Why.NO_PICTURE,
    }


@pytest.mark.parametrize("suffix", [".jpe", ".JFIF", ".gif", ".pgm", ".ppm", ".pnm", ".png "])
def test_further_suffixes_are_pictures(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"part{suffix}").touch()
    assert _names(tmp_path) == [f"part{suffix}"]


def test_names_that_differ_by_case_only_are_two_pictures(tmp_path: Path) -> None:
    for name in ("Part.jpg", "part.jpg", "part.JPG"):
        (tmp_path / name).touch()
    assert len(_names(tmp_path)) == len(list(tmp_path.iterdir()))


def test_a_folder_alone_leaves_its_sub_folders_out(tmp_path: Path) -> None:
    (tmp_path / "ng").mkdir()
    for name in ("a.png", "ng/b.png"):
        (tmp_path / name).touch()
    assert _told(tmp_path, recursive=False) == {"ng": Why.DEEPER}
    assert _told(tmp_path) == {}


def test_the_account_is_one_line_and_names_the_kinds_that_are_not_read(tmp_path: Path) -> None:
    def left(why: Why, *names: str) -> list[LeftOut]:
        return [LeftOut(tmp_path / name, why) for name in names]

    found = [
        *left(Why.NO_PICTURE, "a.txt", "b.txt"),
        *left(Why.MASK, "a_label.png", "b_label.png"),
        *left(Why.LINK, "shift2"),
        *left(Why.UNREAD, "x.HEIC", "y.pdf", "z.heic"),
    ]
    assert in_words(found) == (
        "left out 8: 2 masks by their name, 1 linked folder, 3 files of a kind that is not read (.heic, .pdf), "
        "2 files that are no pictures"
    )
    assert in_words([]) == ""
    assert len(remedies(found)) == 3
    assert remedies(left(Why.NO_PICTURE, "a.txt") + left(Why.HIDDEN, ".b")) == []


def test_a_folder_below_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shut").mkdir()
    whole = os.scandir

    def scandir(path: str | Path) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return whole(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(InputError, match="shut cannot be read"):
        list_folder(tmp_path)
