"""The pictures collected for a new product: kept once, undone, held back, and written as a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from db.datasets import collection as collecting
from db.datasets.collection import FULL, MANY, OK, Collection, Stock, safe_name, write_dataset
from engine.errors import InputError, StorageError


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 90, (64, 80), dtype=np.uint8)


def test_a_picture_is_kept_once(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "p")
    collection.add(OK, picture(1))
    with pytest.raises(InputError, match="collected already, as ok"):
        collection.add("dent", picture(1))
    assert [i.label for i in Collection(tmp_path / "p").load().items] == [OK]


def test_names_lead_out_of_no_folder_and_strange_files_are_left_alone(tmp_path: Path) -> None:
    assert safe_name("../../etc/part 7") == "etc_part 7"
    assert safe_name("  ..  ") == ""
    assert safe_name("CON") == "CON_"
    (tmp_path / "p" / "dent").mkdir(parents=True)
    (tmp_path / "p" / "dent" / "holiday.png").write_bytes(b"x")
    (tmp_path / "p" / "..dent").mkdir()
    assert Collection(tmp_path / "p").load() == Stock((), (OK,), 1)


def test_the_newest_of_each_class_are_held_back(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "p")
    for index in range(10):
        collection.add(OK, picture(index))
    for index in range(3):
        stock = collection.add("dent", picture(100 + index))
    assert [i.serial for i in stock.held_back()] == [9, 10, 13]
    folder = write_dataset(stock, tmp_path / "data")
    assert len(list(folder.glob("train/*/*.png"))) == 10 and len(list(folder.glob("test/*/*.png"))) == 3


def test_a_full_collection_says_so_and_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"{MANY:,} pictures" in FULL
    monkeypatch.setattr(collecting, "MANY", 1)
    collection = Collection(tmp_path / "p")
    collection.add(OK, picture(1))
    with pytest.raises(InputError, match=FULL):
        collection.add(OK, picture(2))
    assert len(collection.load().items) == 1


def test_what_was_removed_comes_back_and_an_empty_class_goes(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "p")
    collection.add(OK, picture(1))
    stock = collection.add("dent", picture(2))
    assert collection.remove(stock.items[1]).classes == (OK,)
    assert not (tmp_path / "p" / "dent").exists()
    back = collection.undo()
    assert [(i.label, i.serial) for i in back.items] == [(OK, 1), ("dent", 2)]
    assert [i.label for i in Collection(tmp_path / "p").load().items] == [OK, "dent"]


def test_a_place_that_takes_nothing_is_named(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "p")
    stock = collection.add(OK, picture(1))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match=r"could not be copied to .*file"):
        write_dataset(stock, tmp_path / "file")
