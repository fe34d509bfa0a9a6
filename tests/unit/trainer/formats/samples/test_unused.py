"""Labels that are not used: where they stand, why, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DatasetError, PictureError
from trainer.formats.samples.unused import Leftovers, Unused, doubt_notes, in_short, refuse_doubt

ONE, TWO = Unused("a.json", "is torn."), Unused("b.txt line 2", "has the class 9, which has no name.")


def failing(error: Exception) -> object:
    raise error


@pytest.mark.parametrize("kind", [DatasetError, PictureError])
def test_what_cannot_be_read_is_left_with_its_sentence_as_the_reason(kind: type[Exception]) -> None:
    left = Leftovers()
    path = Path("set") / "a.json"
    assert left.unless_read(path, lambda: 7) == 7 and left.found == []
    assert left.unless_read(path, lambda: failing(kind(f"{path} is torn.", "Mend it."))) is None
    assert left.unless_read(path, lambda: failing(kind("The mask m.png is torn."))) is None
    assert left.found == [Unused(str(path), "is torn."), Unused(str(path), "The mask m.png is torn.")]


def test_nothing_is_left_where_everything_must_be_read_and_bugs_are_never_labels() -> None:
    with pytest.raises(DatasetError, match="torn"):
        Leftovers(refusing=True).unless_read("a", lambda: failing(DatasetError("a is torn.")))
    with pytest.raises(KeyError):
        Leftovers().unless_read("a", lambda: failing(KeyError("ours")))


def test_name_that_no_terminal_can_hold_is_escaped_where_it_is_told() -> None:
    left = Leftovers()
    path = Path("odd\n\x1b\udcf6.json")
    left.unless_read(path, lambda: failing(DatasetError(f"{path} is torn.")))
    left.add(path, "there is no picture odd\x1b.")
    assert [str(one) for one in left.found] == [
        "odd\\x0a\\x1b\\xf6.json: is torn.",
        "odd\\x0a\\x1b\\xf6.json: there is no picture odd\\x1b.",
    ]


def test_sentence_tells_how_many_and_the_first() -> None:
    assert in_short([ONE]) == "one label is not used (a.json: is torn)"
    assert in_short([ONE, TWO]) == "2 labels are not used (a.json: is torn)"
    assert doubt_notes([], 3) == ()
    assert doubt_notes([ONE], 0) == ("One label is not used (a.json: is torn).",)
    assert doubt_notes([TWO, ONE], 1)[0].endswith("no name), and one picture without a label taken for sound.")


@pytest.mark.parametrize(("unused", "assumed"), [((), 0), ((), 3), ((ONE,), 0)])
def test_nothing_is_in_doubt_without_a_lost_label_and_a_picture_without_one(
    unused: tuple[Unused, ...], assumed: int
) -> None:
    refuse_doubt("set", unused, assumed)


def test_doubt_is_refused_with_both_figures_and_the_way_out() -> None:
    with pytest.raises(DatasetError, match=r"In set 2 labels are not used .*, and 3 pictures without a label") as told:
        refuse_doubt("set", (ONE, TWO), 3)
    assert "data inspect" in told.value.remedy and "--without-label ok" in told.value.remedy
