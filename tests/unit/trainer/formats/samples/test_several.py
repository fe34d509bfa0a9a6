"""labels.csv: what it adds, what it may leave out, and how a bad line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DatasetError
from engine.reports.csv_tables import PLAIN, SEMICOLON, Spelling, csv_bytes
from tests.labelled import hollow, write_text
from trainer.formats.labels.imagefolder import reading
from trainer.formats.samples import several
from trainer.formats.samples.dataset import Sample
from trainer.formats.samples.several import with_further_classes

MIB = 1024**2

SAMPLES = [Sample(key, label, key, reading(Path(key))) for key, label in (("ok/a.jpg", "ok"), ("pit/b.jpg", "pit"))]


def also(folder: Path, text: str) -> list[tuple[str, ...]]:
    write_text(folder / "labels.csv", text)
    found = with_further_classes(SAMPLES, folder)
    assert [(s.key, s.label) for s in found] == [(s.key, s.label) for s in SAMPLES]
    return [s.also for s in found]


def test_without_the_file_samples_stay_as_they_are(tmp_path: Path) -> None:
    assert with_further_classes(SAMPLES, tmp_path) == SAMPLES


@pytest.mark.parametrize(
    "text",
    [
        "pit/b.jpg,rust;edge\n",
        "path,classes\npit/b.jpg,rust;edge\n",
        " Path ,classes\r\npit/b.jpg,rust;edge",
        "\ufeffpath,classes\npit/b.jpg,rust;edge\n",
        "\n\npit/b.jpg,rust;edge\n\n",
        "pit/b.jpg , rust ; pit;edge;;rust\n",
        '"pit/b.jpg","pit;rust;edge"\n',
        "path;classes\npit/b.jpg;rust;edge\n",
        "\ufeffPath;classes;\r\npit/b.jpg;rust;edge;\r\n",
        'pit/b.jpg;"rust;edge"\n',
        "pit/b.jpg\trust\tedge\n",
        "PATH;classes;;\npit/b.jpg;rust;;edge\n\n",
    ],
)
def test_further_classes_come_in_their_order_once_each_without_the_label(tmp_path: Path, text: str) -> None:
    assert also(tmp_path, text) == [(), ("rust", "edge")]


def test_every_line_counts_and_the_last_one_of_a_picture_holds(tmp_path: Path) -> None:
    assert also(tmp_path, "ok/a.jpg,rust\npit/b.jpg,edge\nok/a.jpg,dust\n") == [("dust",), ("edge",)]
    assert also(tmp_path, "pit/b.jpg,pit\n") == [(), ()]


@pytest.mark.parametrize("line", ["pit/b.jpg", "pit/b.jpg,", "pit/b.jpg, ; ", "pit/b.jpg,rust,edge", ",,"])
def test_bad_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(DatasetError, match=r"labels.csv line 3 is not `path,class;class`"):
        also(tmp_path, f"path,classes\nok/a.jpg,rust\n{line}\n")


def test_comma_in_a_name_is_no_separator(tmp_path: Path) -> None:
    sample = Sample("a,b.jpg", "ok", "a,b.jpg", reading(Path("a,b.jpg")))
    for text in ("a,b.jpg;rust;edge\n", '"a,b.jpg",rust;edge\n', 'path;classes\n"a,b.jpg";rust;edge\n'):
        write_text(tmp_path / "labels.csv", text)
        assert with_further_classes([sample], tmp_path)[0].also == ("rust", "edge")


@pytest.mark.parametrize("spelling", [PLAIN, SEMICOLON])
def test_what_our_own_writer_guarded_is_read_as_it_was(tmp_path: Path, spelling: Spelling) -> None:
    rows = (("path", "classes"), ("pit/b.jpg", "-dent;@edge;'=x;oil, thin"))
    (tmp_path / "labels.csv").write_bytes(csv_bytes(rows, spelling))
    assert with_further_classes(SAMPLES, tmp_path)[1].also == ("-dent", "@edge", "'=x", "oil, thin")


def test_head_is_skipped_as_the_first_line_only(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="names path, which is not in the data set"):
        also(tmp_path, "ok/a.jpg,rust\npath,classes\n")


def test_another_line_of_titles_is_told_by_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"names file, which .* titles there may be begins with `path`"):
        also(tmp_path, "file,label\nok/a.jpg,rust\n")


def test_first_of_the_unknown_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"names b.jpg, which is not in the data set"):
        also(tmp_path, "c.jpg,rust\nb.jpg,rust\nok/a.jpg,rust\n")


def test_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"ok/a.jpg,gr\xfcn\n")
    with pytest.raises(DatasetError, match=r"labels.csv cannot be read"):
        with_further_classes(SAMPLES, tmp_path)


def test_file_may_be_as_long_as_the_bound_and_no_byte_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hollow(tmp_path / "labels.csv", 64 * MIB + 1)
    with pytest.raises(DatasetError, match="larger than 64 MiB"):
        with_further_classes(SAMPLES, tmp_path)
    text = "ok/a.jpg,rust\n"
    monkeypatch.setattr(several, "MAX_BYTES", len(text))
    assert also(tmp_path, text) == [("rust",), ()]
    monkeypatch.setattr(several, "MAX_BYTES", len(text) - 1)
    with pytest.raises(DatasetError, match="larger"):
        also(tmp_path, text)
