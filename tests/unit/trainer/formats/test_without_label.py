"""While a label is not used, no picture is sound for want of one unless a person says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import DatasetError, InputError, UsageError
from main import main
from tests.labelled import write_doubtful, write_picture
from tests.packages import HEIGHT, WIDTH, write_tiny_package
from trainer.data.challenge import open_challenge
from trainer.formats.detect import look_at_dataset, open_dataset

WORDS = r"one label is not used \(.*p2.json shape 1: is a polygon with 2 points, which encloses nothing\)"


def test_set_in_doubt_is_refused_and_opened_where_a_person_says_so(tmp_path: Path) -> None:
    place = str(write_doubtful(tmp_path))
    with pytest.raises(DatasetError, match=f"{WORDS}, and 2 pictures without a label would be taken for sound") as told:
        open_dataset(place)
    assert "--without-label ok" in told.value.remedy
    dataset = open_dataset(place, without_label="ok")
    # The picture whose label is not understood is no sound one even so.
    assert [(s.key, s.label, s.assumed) for s in dataset.samples] == [
        ("p0.png", "pit", False),
        ("p1.png", "pit", False),
        ("s0.png", "ok", True),
        ("s1.png", "ok", True),
    ]
    (note,) = dataset.notes
    assert note.startswith("One label is not used (") and note.endswith(
        ", and 2 pictures without a label taken for sound."
    )
    assert (look_at_dataset(place).notes, look_at_dataset(place).doubtful) == ((), 2)


def test_without_a_label_to_doubt_pictures_without_one_are_sound_and_without_such_pictures_nothing_is_in_doubt(
    tmp_path: Path,
) -> None:
    (write_doubtful(tmp_path) / "p2.json").unlink()
    assert open_dataset(str(tmp_path)).counts() == {"ok": 3, "pit": 2} and open_dataset(str(tmp_path)).notes == ()
    (tmp_path / "p2.json").write_text('{"shapes": [{}]}', encoding="utf-8")
    for name in ("s0", "s1"):
        (tmp_path / f"{name}.json").write_text('{"shapes": []}', encoding="utf-8")
    dataset = open_dataset(str(tmp_path))
    assert dataset.counts() == {"ok": 2, "pit": 2} and not any(s.assumed for s in dataset.samples)
    assert [note.split(" (")[0] for note in dataset.notes] == ["One label is not used"]


def test_nothing_else_can_be_said_of_pictures_without_a_label(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Pictures without a label cannot be 'pit'"):
        open_dataset(str(write_doubtful(tmp_path)), without_label="pit")


def test_challenge_set_in_doubt_is_refused_too(tmp_path: Path) -> None:
    place = str(write_doubtful(tmp_path))
    with pytest.raises(DatasetError, match=f"The challenge set cannot be used: In .* {WORDS}"):
        open_challenge(place)
    known = open_challenge(place, "ok")
    assert known is not None and known.doubtful == 2


def test_evaluation_refuses_until_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny_package(tmp_path / "package", defect="pit")
    place = str(write_doubtful(tmp_path / "set", (HEIGHT, WIDTH)))
    words = ["evaluate", str(tmp_path / "package"), place, "--json", str(tmp_path / "figures.json")]
    for nothing in ([], ["--without-label"], ["--without-label", ""]):
        assert main([*words, *nothing]) == InputError.exit_code
        assert "is not used" in capsys.readouterr().err and not (tmp_path / "figures.json").exists()
    assert main([*words, "--without-label", "ok"]) == 0
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["count"] == 4


def test_inspect_lists_what_is_not_used_and_says_how_many_are_sound_for_want_of_a_label(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_doubtful(tmp_path)
    for number in range(30):
        write_picture(tmp_path / f"x{number}.png", 50 + number)
        (tmp_path / f"x{number}.json").write_text('{"shapes": [7]}', encoding="utf-8")
    assert main(["data", "inspect", str(tmp_path)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "1. Not used: 31 labels, masks or boxes. They may be meant for 2 pictures without a label" in told
    assert told.count("shape 1: has no label") == 19 and "p2.json shape 1" in told and "and 11 more" in told
    assert "no label 2 of the pictures, sound for want of one" in told
    assert main(["data", "inspect", str(tmp_path), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (len(shown["unused"]), shown["sound_without_label"], shown["findings"][0]["count"]) == (31, 2, 31)
    assert shown["unused"][0] == {
        "where": f"{tmp_path / 'p2.json'} shape 1",
        "reason": "is a polygon with 2 points, which encloses nothing.",
    }
