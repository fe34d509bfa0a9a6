"""Files that hold several pictures, by the recipe's word: none is the part, the first is, or each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.recipe import FilePages
from engine.errors import PictureError
from engine.images import pages
from engine.images.pages import page_name, pages_of, place_of, read_named, read_page
from engine.names import name_of
from tests.unit.engine.images.decoding.made import jpeg, mpo, tiff_by_hand
from tests.unit.engine.odd_names import write

GREYS = (20, 90, 250)


def stack(path: Path, greys: tuple[int, ...] = GREYS) -> Path:
    """A TIFF with a plain page of each grey."""
    path.write_bytes(tiff_by_hand([(np.full((64, 80), grey, np.uint8), {}) for grey in greys]))
    return path


def test_each_page_has_a_name_by_which_it_is_read_again(tmp_path: Path) -> None:
    path = stack(tmp_path / "x.tif")
    names = [page_name(path, page) for page in pages_of(path, FilePages.EACH)]
    assert names == [str(path), f"{path}#2", f"{path}#3"]
    assert [int(read_named(name)[0, 0]) for name in names] == list(GREYS)
    assert [place_of(name) for name in names] == [(path, 0), (path, 1), (path, 2)]


def test_refused_the_file_tells_how_many_it_holds_and_its_first_is_read_where_that_counts(tmp_path: Path) -> None:
    path = stack(tmp_path / "x.tif")
    with pytest.raises(PictureError, match="holds 3 pictures") as caught:
        read_page(path, 0, FilePages.REFUSE)
    assert "recipe" in caught.value.remedy
    assert list(pages_of(path, FilePages.REFUSE)) == list(pages_of(path, FilePages.FIRST)) == [0]
    assert int(read_page(path, 0, FilePages.FIRST)[0, 0]) == GREYS[0]


def test_a_page_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pair.jpg"
    second = jpeg(np.random.default_rng(1).integers(0, 255, (64, 80), np.uint8))
    path.write_bytes(mpo(jpeg(np.full((64, 80), 20, np.uint8)), second[: len(second) // 2]))
    with pytest.raises(PictureError) as caught:
        read_page(path, 1, FilePages.EACH)
    assert caught.value.name == f"{path}#2"


def test_a_file_that_cannot_be_counted_is_one_and_so_is_one_that_claims_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torn.tif").write_bytes(b"II*\x00nothing")
    assert list(pages_of(tmp_path / "torn.tif", FilePages.EACH)) == [0]
    assert list(pages_of(tmp_path / "gone.tif", FilePages.EACH)) == [0]
    monkeypatch.setattr(pages, "MOST", 2)
    path = stack(tmp_path / "x.tif")
    assert list(pages_of(path, FilePages.EACH)) == [0]


@given(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
        lambda name: name != "."
    )
)
def test_a_name_that_is_no_page_of_a_picture_is_a_file(name: str) -> None:
    path, page = place_of(f"/parts/{name}")
    assert page_name(path, page) == name_of(f"/parts/{name}")


@pytest.mark.parametrize("name", ["a.png#1", "a.png#0", "a.png#02", "a#2", "a#2.png", "a.txt#2", "b.png#2/c.png"])
def test_only_the_second_and_later_of_a_picture_are_pages(name: str) -> None:
    assert place_of(name) == (Path(name), 0)


def test_a_page_of_a_file_of_an_odd_name_leads_back(tmp_path: Path) -> None:
    path = write(tmp_path, b"st\xe4ck.tif", b"")
    assert page_name(path, 1) == str(tmp_path / r"st\xe4ck.tif#2")
    assert place_of(page_name(path, 1)) == (path, 1)
