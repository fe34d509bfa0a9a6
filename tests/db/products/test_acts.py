"""Products are what their acts make of them, under every name they ever had."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from db.products.acts import add_model, make_product, rename, restore, retire, set_challenge, set_collection
from db.products.shelf import find, list_products
from db.store.session import Database
from db.users import trail as audit
from engine.errors import InputError


def test_a_renamed_product_is_known_by_its_former_names_too(db: Database) -> None:
    made = make_product(db, "Bracket 12", "ann", "a new order")
    now = rename(db, "bracket 12", "Bracket 12b", "bob", "drawing changed")
    assert now.id == made.id
    assert now.names == ("Bracket 12b", "Bracket 12")
    assert find(db, "BRACKET 12") == find(db, made.id) == now
    assert rename(db, made.id, "Bracket 12", "bob").names == ("Bracket 12", "Bracket 12b")
    assert [e.what for e in audit.entries(db)] == ["product renamed", "product renamed", "product made"]


def test_no_product_takes_a_name_another_one_has_or_had(db: Database) -> None:
    make_product(db, "casting", "ann")
    rename(db, "casting", "impeller", "ann")
    for taken, said in (("Impeller", "There is a product called"), ("CASTING", "was once called")):
        with pytest.raises(InputError, match=said):
            make_product(db, taken, "ann")
    other = make_product(db, "strip", "ann")
    with pytest.raises(InputError, match="was once called"):
        rename(db, other.id, "casting", "ann")
    assert [p.name for p in list_products(db)] == ["impeller", "strip"]


@pytest.mark.parametrize(
    "name", ["", "  ", "a\nb", "x" * 61, "\u202eoops"], ids=["none", "spaces", "two lines", "long", "odd"]
)
def test_a_name_that_cannot_be_shown_on_one_line_is_refused(db: Database, name: str) -> None:
    with pytest.raises(InputError, match="no name of a product"):
        make_product(db, name, "ann")
    assert list_products(db) == ()


def test_the_last_product_in_use_is_not_retired(db: Database) -> None:
    make_product(db, "casting", "ann")
    with pytest.raises(InputError, match="only product in use"):
        retire(db, "casting", "ann")
    make_product(db, "strip", "ann")
    assert retire(db, "casting", "ann", "no orders").retired
    with pytest.raises(InputError, match="only product in use"):
        retire(db, "strip", "ann")
    assert not restore(db, "casting", "ann").retired


def test_an_unknown_product_is_refused_with_those_there_are(db: Database) -> None:
    make_product(db, "casting", "ann")
    with pytest.raises(InputError, match="no product 'biscuit'") as refused:
        find(db, "biscuit")
    assert "'casting'" in refused.value.remedy


def test_what_belongs_to_a_product_moves_with_the_data_folder(db: Database) -> None:
    make_product(db, "casting", "ann")
    set_challenge(db, "casting", db.folder / "challenge" / "castings", "ann")
    set_collection(db, "casting", "castings", "ann")
    add_model(db, "casting", "v1", "ann")
    now = add_model(db, "casting", "v1", "ann")
    assert (now.models, now.collection, now.challenge) == (
        ("v1",),
        "castings",
        db.folder / "challenge" / "castings",
    )
    with closing(sqlite3.connect(db.folder / "lineside.db")) as raw:
        (kept,) = raw.execute("SELECT value FROM product_acts WHERE what = 'challenge'").fetchone()
    assert Path(kept) == Path("challenge/castings")
    assert set_challenge(db, "casting", None, "ann").challenge is None


def test_rows_of_before_are_the_first_products(db: Database) -> None:
    make_product(db, "casting", "ann")
    make_product(db, "strip", "ann")
    rename(db, "casting", "impeller", "ann")
    first, second = list_products(db)
    assert first.on_record == {"impeller", "casting", ""}
    assert second.on_record == {"strip"}
