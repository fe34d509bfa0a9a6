"""What every reader's samples become: classes in order, groups, figures, and the hash of what is taught."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DatasetError
from trainer.formats.labels.imagefolder import reading
from trainer.formats.samples.dataset import Sample, join_copies, make_dataset, unseen_notes
from trainer.formats.samples.groups import joined
from trainer.formats.samples.unused import Unused


def sample(key: str, label: str, **more: Any) -> Sample:
    return Sample(key, label, **{"group": key, "load": reading(Path(key)), **more})


def test_classes_are_sound_ones_first_then_defects_each_by_name() -> None:
    samples = [sample("1", "rust", also=("pit",)), sample("2", "ok"), sample("3", "Good"), sample("4", "axe")]
    dataset = make_dataset("set", "masks", samples, classes=["edge", "sound"])
    assert dataset.classes == ("Good", "ok", "sound", "axe", "edge", "pit", "rust")
    assert dataset.ok_classes == ("Good", "ok", "sound")
    assert [s.key for s in dataset.samples] == ["1", "2", "3", "4"]
    assert dataset.counts() == {"Good": 1, "ok": 1, "sound": 0, "axe": 1, "edge": 0, "pit": 0, "rust": 1}


def test_named_sound_classes_hold_instead_of_the_usual_names() -> None:
    dataset = make_dataset("set", "masks", [sample("1", "ok"), sample("2", "blue")], ["blue"])
    assert (dataset.classes, dataset.ok_classes) == (("blue", "ok"), ("blue",))
    with pytest.raises(DatasetError, match="The data set set has no class 'red'") as caught:
        make_dataset("set", "masks", [sample("1", "ok"), sample("2", "blue")], ["blue", "red"])
    assert caught.value.remedy == "Its classes: blue, ok."


def test_set_without_pictures_or_of_one_class_is_refused() -> None:
    with pytest.raises(DatasetError, match="The data set set holds no labelled pictures"):
        make_dataset("set", "masks", [], classes=["ok", "pit"])
    with pytest.raises(DatasetError, match="The data set set shows the class 'pit' only") as caught:
        make_dataset("set", "masks", [sample("1", "pit")])
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert make_dataset("set", "masks", [sample("1", "pit")], classes=["ok"]).classes == ("ok", "pit")


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (sample("a", "ok", group="g", digest="d"), b"a\0ok\0g\0d\0000\n"),
        (sample("a", "ok", group="g", digest="d", has_mask=True), b"a\0ok\0g\0d\0001\n"),
        (sample("a", "pit", group="g", digest="d", also=("y", "x")), b"a\0pit\0g\0d\0000\0x;y\n"),
        (sample("a", "ok", group="g", digest="d", also=("y", "ok")), b"a\0y\0g\0d\0000\n"),
    ],
)
def test_hash_is_of_every_sample_s_line_by_key_and_of_a_demo_line_s_uri(one: Sample, line: bytes) -> None:
    other = sample("b", "pit", group="h")
    last = b"b\0pit\0h\0\0000\n"
    kept = make_dataset("set", "masks", [other, one])
    assert kept.sha256() == hashlib.sha256(line + last).hexdigest()
    assert kept.sha256() == make_dataset("other", "masks", [one, other]).sha256()
    made = make_dataset("demo:?seed=2", "demo", [one, other])
    assert made.sha256() == hashlib.sha256(b"demo:?seed=2" + line + last).hexdigest()


def test_figures_of_a_set_count_what_a_person_asks_for() -> None:
    samples = [
        sample("1", "ok", digest="x", part="train", has_mask=True),
        sample("2", "ok", digest="x", part="train"),
        sample("3", "ok", digest="x", assumed=True),
        sample("4", "pit", digest="y", part="test"),
        sample("5", "pit", has_mask=True),
        sample("6", "pit"),
    ]
    dataset = make_dataset("set", "masks", samples, missing=4, notes=["Look."], unused=[Unused("a.json", "is torn.")])
    assert dataset.describe() == {
        "id": "set",
        "format": "masks",
        "pictures": 6,
        "classes": {"ok": 3, "pit": 3},
        "ok_classes": ["ok"],
        "groups": 4,
        "parts": {"train": 2, "unassigned": 3, "test": 1},
        "masks": 2,
        "defects_without_mask": 2,
        "duplicates": 2,
        "missing": 4,
        "notes": ["Look."],
        "unused": [{"where": "a.json", "reason": "is torn."}],
        "sound_without_label": 1,
        "sha256": dataset.sha256(),
    }


def test_classes_that_no_picture_shows_are_named_by_name() -> None:
    assert unseen_notes(["rust", "pit", "edge"], ["pit"]) == ("No picture shows edge, rust.",)
    assert unseen_notes(["pit"], ["pit", "rust"]) == ()


def test_copies_of_a_picture_bring_their_groups_together_and_made_parts_do_not() -> None:
    samples = [
        sample("1", "ok", group="c", digest="x"),
        sample("2", "ok", group="b", digest="x"),
        sample("3", "ok", group="b", digest="y"),
        sample("4", "ok", group="a", digest="y"),
        sample("5", "ok", group="d", digest="z"),
        sample("6", "ok", group="e"),
        sample("7", "ok", group="f"),
    ]
    assert [s.group for s in join_copies(samples)] == ["a", "a", "a", "a", "d", "e", "f"]
    assert join_copies(samples)[0] == replace(samples[0], group="a")


def test_pairs_lead_from_one_name_to_the_least_of_its_group() -> None:
    pairs = [("e", "d"), ("d", "c"), ("b", "a"), ("e", "c")]
    assert joined("abcdef", pairs) == {"a": "a", "b": "a", "c": "c", "d": "c", "e": "c", "f": "f"}
    assert joined("ab", []) == {"a": "a", "b": "b"}
