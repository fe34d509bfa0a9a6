"""Which JSON files of a folder are COCO's, and those of them that cannot be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.errors import DatasetError
from tests.labelled import write_picture, write_text
from tests.unit.trainer.formats.labels.test_coco import drawn, picture, write
from trainer.formats.detect import look_at_dataset, open_dataset
from trainer.formats.labels.coco import annotation_files, looks_like, open_coco


def test_files_are_found_at_any_depth_whatever_lies_beside_them(tmp_path: Path) -> None:
    for number in range(50):
        write_text(tmp_path / f"{number:02}.json", "{}")
    write(tmp_path, [], [], ".hidden/a.json")
    assert not looks_like(tmp_path)
    late = write(tmp_path, [], [], "99.json")
    assert [p.name for p in annotation_files(tmp_path)] == ["99.json"]
    # Behind the first fifty only what begins as such a file is looked through.
    far = write_text(tmp_path / "99.json", '{"made": "' + "x" * 64 * 1024 + '", ' + late.read_text()[1:])
    assert not looks_like(tmp_path)
    (tmp_path / "00.json").unlink()
    assert annotation_files(tmp_path) == [far]
    far.unlink()
    write(tmp_path, [], [], "deep/er/a.json")
    write(tmp_path, [], [], "below/a.json")
    assert [p.parent.name for p in annotation_files(tmp_path)] == ["below", "er"]


def test_one_file_for_each_of_many_pictures(tmp_path: Path) -> None:
    for number in range(60):
        write(tmp_path, [picture(1, f"p{number:02}.jpg")], [drawn(category=7)] if number > 50 else [], f"{number}.json")
        write_picture(tmp_path / f"p{number:02}.jpg", number)
    found = open_coco(tmp_path)
    assert sum(s.label == "pit" for s in found.samples) == 9 and len(found.samples) == 60


@pytest.mark.parametrize("layout", ["", "imagefolder"])
def test_file_that_is_too_large_is_named_and_not_passed_over(tmp_path: Path, layout: str) -> None:
    path = write(tmp_path, [picture()], [drawn()])
    for number, name in enumerate(("ok/a.jpg", "ng/b.jpg")):
        write_picture(tmp_path / name, number)
    with path.open("r+b") as file:
        file.truncate(512 * 1024**2 + 1)
    sentence = f"{path} is larger than 512 MiB."
    if layout:
        assert sentence in look_at_dataset(str(tmp_path), layout).unused[0].reason
    else:
        with pytest.raises(DatasetError, match=re.escape(sentence)):
            open_dataset(str(tmp_path))
    with path.open("wb") as file:
        file.truncate(512 * 1024**2 + 1)
    assert not looks_like(tmp_path)
