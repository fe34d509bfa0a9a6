"""Pascal VOC: what one XML file says, and which pictures, parts and classes follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DatasetError
from tests.labelled import write_picture, write_text
from trainer.formats.labels.voc import VocBox, first_names, labelled, looks_like, open_voc, read_voc
from trainer.formats.samples.unused import Leftovers

MIB = 1024**2


def thing(name: str, left: float = 0, top: float = 0, right: float = 4, bottom: float = 5) -> str:
    corners = f"<xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax>"
    return f"<object><name>{name}</name><bndbox>{corners}</bndbox></object>"


def voc(*things: str, head: str = "") -> str:
    return f"<annotation>{head}{''.join(things)}</annotation>"


def write(folder: Path, stem: str, *things: str, head: str = "", seed: int = -1) -> None:
    write_text(folder / f"{stem}.xml", voc(*things, head=head))
    if seed >= 0:
        write_picture(folder / f"{stem}.jpg", seed)


@pytest.mark.parametrize(
    ("box", "area"),
    [
        (VocBox("a", 2, 3, 6, 8), 20.0),
        (VocBox("a", 2.5, 0, 3, 1), 0.5),
        (VocBox("a", 6, 3, 2, 8), 0.0),
        (VocBox("a", 2, 8, 6, 3), 0.0),
        (VocBox("a", 6, 8, 2, 3), 0.0),
    ],
)
def test_area_of_a_box_is_nothing_where_its_corners_are_the_wrong_way_round(box: VocBox, area: float) -> None:
    assert box.area == area


def test_file_says_name_folder_size_and_boxes(tmp_path: Path) -> None:
    head = "<folder>f</folder><filename> b.png </filename><size><width>32</width><height>24.0</height></size>"
    file = read_voc(write_text(tmp_path / "a.xml", voc(thing("pit", 1.5, 2, 3, 4), thing("a &amp;\n b"), head=head)))
    assert (file.name, file.folder, file.width, file.height) == ("b.png", "f", 32, 24)
    assert file.boxes == (VocBox("pit", 1.5, 2, 3, 4), VocBox("a &\n b", 0, 0, 4, 5))


@pytest.mark.parametrize(
    "head", ["", "<size><width></width></size>", "<size><width>-3</width><height>-1</height></size>"]
)
def test_file_that_says_little_has_its_own_name_and_no_size(tmp_path: Path, head: str) -> None:
    file = read_voc(write_text(tmp_path / "a.xml", voc(head=head)))
    assert (file.name, file.folder, file.width, file.height, file.boxes) == ("a.jpg", "", 0, 0, ())


def test_what_lies_deeper_than_an_object_s_own_name_and_box_is_passed_over(tmp_path: Path) -> None:
    part = "<part><name>head</name><bndbox><xmin>9</xmin></bndbox></part>"
    deep = "<source><image><filename>x.jpg</filename><size><width>7</width></size></image></source>"
    text = voc(thing("pit").replace("</object>", f"{part}</object>"), head=f"<filename>b.jpg</filename>{deep}")
    file = read_voc(write_text(tmp_path / "a.xml", text))
    assert (file.name, file.width, file.boxes) == ("b.jpg", 0, (VocBox("pit", 0, 0, 4, 5),))


def test_each_element_has_its_own_text_and_none_from_around_or_within(tmp_path: Path) -> None:
    assert read_voc(write_text(tmp_path / "a.xml", voc(head="words <filename>b.jpg</filename> more"))).name == "b.jpg"
    assert read_voc(write_text(tmp_path / "a.xml", voc(head="<filename><b>x.jpg</b></filename>"))).name == "a.jpg"
    with pytest.raises(DatasetError, match=r"a.xml object 1 has no name or no box"):
        read_voc(write_text(tmp_path / "a.xml", voc(thing("<b>pit</b>"))))


@pytest.mark.parametrize("second", ["<object></object>", "<object><name>pit</name></object>"])
def test_object_takes_nothing_from_the_one_before(tmp_path: Path, second: str) -> None:
    with pytest.raises(DatasetError, match=r"a.xml object 2 has no name or no box"):
        read_voc(write_text(tmp_path / "a.xml", voc(thing("pit"), second)))


def test_four_mebibytes_are_the_most(tmp_path: Path) -> None:
    text = voc(thing("pit"))
    path = write_text(tmp_path / "a.xml", text + " " * (4 * MIB - len(text)))
    assert len(read_voc(path).boxes) == 1
    write_text(path, text + " " * (4 * MIB - len(text) + 1))
    with pytest.raises(DatasetError, match="larger than 4 MiB"):
        read_voc(path)


def test_ten_thousand_boxes_are_the_most(tmp_path: Path) -> None:
    assert len(read_voc(write_text(tmp_path / "a.xml", voc(*[thing("a")] * 10_000))).boxes) == 10_000
    with pytest.raises(DatasetError, match="more than 10000 objects"):
        read_voc(write_text(tmp_path / "a.xml", voc(*[thing("a")] * 10_001)))


def test_twenty_files_are_looked_at(tmp_path: Path) -> None:
    for number in range(19):
        write_text(tmp_path / f"{number:02}.xml", "<html></html>")
    write(tmp_path, "20", thing("pit"), thing("rust"))
    assert looks_like(tmp_path) and first_names(tmp_path) == {"pit", "rust"}
    write_text(tmp_path / "19.xml", "<html></html>")
    assert not looks_like(tmp_path) and first_names(tmp_path) == set()


def test_largest_box_area_is_the_label_and_ties_go_by_name(tmp_path: Path) -> None:
    write(tmp_path, "a", thing("rust", 0, 0, 5, 5), thing("pit", 0, 0, 5, 3), thing("pit", 1, 1, 6, 4), seed=1)
    write(tmp_path, "b", thing("rust", 0, 0, 5, 5), thing("pit", 0, 0, 5, 4), seed=2)
    write(tmp_path, "c", thing("rust", 0, 0, 5, 4), thing("pit", 1, 1, 5, 6), thing("dot", 3, 3, 3, 3), seed=3)
    write(tmp_path, "d", seed=4)
    dataset = open_voc(tmp_path)
    assert [(s.label, s.also) for s in dataset.samples] == [
        ("pit", ("rust",)),
        ("rust", ("pit",)),
        ("pit", ("rust", "dot")),
        ("ok", ()),
    ]
    assert (dataset.notes, dataset.missing) == ((), 0)
    assert not any(s.has_mask for s in dataset.samples) and dataset.samples[0].load()[1] is None


def test_pictures_that_are_missing_unlabelled_or_of_no_class_are_each_counted(tmp_path: Path) -> None:
    write(tmp_path, "a", thing("pit"))
    write(tmp_path, "b", thing("pit"), seed=1)
    write(tmp_path, "c", thing("stray"), seed=2)
    write(tmp_path, "d", seed=3)
    for seed, name in enumerate("xyz"):
        write_picture(tmp_path / f"{name}.jpg", 10 + seed)
    known = {"pit": "PIT"}
    left = Leftovers()
    samples, missing, notes = labelled(tmp_path, lambda name: known.get(name, ""), left, empty="")
    assert [str(one) for one in left.found] == [
        f"{tmp_path / 'a.xml'}: there is no picture a.jpg.",
        f"{tmp_path / 'c.xml'}: its object stray is of no class.",
    ]
    assert ([(s.key, s.label) for s in samples], missing) == ([("b.jpg", "PIT")], 1)
    assert notes == (
        "1 of 4 named pictures are missing and left out.",
        "3 pictures have no XML file and are left out.",
        "2 pictures show no object of a known class and are left out.",
    )
    samples, missing, notes = labelled(tmp_path, lambda name: known.get(name, ""), Leftovers())
    assert [(s.key, s.label) for s in samples] == [("b.jpg", "PIT"), ("d.jpg", "ok")]
    assert notes[-1] == "1 pictures show no object of a known class and are left out." and missing == 1


def test_picture_is_found_by_name_near_its_folder_else_by_the_file_s_own(tmp_path: Path) -> None:
    head = "<folder>{}</folder><filename>p.jpg</filename>"
    for seed, name in enumerate("xy"):
        write_picture(tmp_path / name / "p.jpg", seed)
        write_text(tmp_path / "xml" / f"{name}.xml", voc(thing(f"in_{name}"), head=head.format(name)))
    write_text(tmp_path / "xml" / "own.xml", voc(head="<filename>foreign.jpg</filename>"))
    write_picture(tmp_path / "z" / "own.png", 9)
    assert [(s.key, s.label) for s in open_voc(tmp_path).samples] == [
        ("x/p.jpg", "in_x"),
        ("y/p.jpg", "in_y"),
        ("z/own.png", "ok"),
    ]


def test_file_that_fits_two_pictures_alike_labels_neither(tmp_path: Path) -> None:
    for seed, name in enumerate(("x/p", "y/p", "q", "r")):
        write_picture(tmp_path / f"{name}.jpg", seed)
    for name, text in (("p", thing("pit")), ("q", thing("pit")), ("r", "")):
        write_text(tmp_path / "xml" / f"{name}.xml", voc(text, head=f"<filename>{name}.jpg</filename>"))
    dataset = open_voc(tmp_path)
    assert [(s.key, s.label) for s in dataset.samples] == [("q.jpg", "pit"), ("r.jpg", "ok")]
    assert ["may be x/p.jpg or y/p.jpg" in one.reason for one in dataset.unused] == [True]


def test_picture_that_two_files_label_is_a_defect_or_nothing(tmp_path: Path) -> None:
    pit, bad = thing("pit"), "<object><name>pit</name></object>"
    said = {"a": (pit, ""), "b": ("", pit), "c": (bad, ""), "d": ("", bad), "e": ("", "")}
    for seed, (name, texts) in enumerate(said.items()):
        write_picture(tmp_path / f"{name}.jpg", seed)
        for place, text in zip(("1", "2"), texts, strict=True):
            write_text(tmp_path / place / f"{name}.xml", voc(text, head=f"<filename>{name}.jpg</filename>"))
    dataset = open_voc(tmp_path)
    # What says the same twice says nothing else.
    assert [(s.key, s.label) for s in dataset.samples] == [("a.jpg", "pit"), ("e.jpg", "ok")]
    assert [one.where for one in dataset.unused] == [
        f"{tmp_path / '1' / 'c.xml'} object 1",
        str(tmp_path / "2" / "a.xml"),
        str(tmp_path / "2" / "b.xml"),
        f"{tmp_path / '2' / 'd.xml'} object 1",
    ]


def test_sets_say_the_part_and_a_narrower_one_holds(tmp_path: Path) -> None:
    for seed, name in enumerate("abcde"):
        write(tmp_path, name, *([thing("pit")] if seed else []), seed=seed)
    for name, text in (("trainval", "a\nb -1\n\nc\n"), ("train", "a\n"), ("val", " b\n"), ("test", "c  1\nd\n")):
        write_text(tmp_path / "ImageSets" / "Main" / f"{name}.txt", text)
    assert [s.part for s in open_voc(tmp_path).samples] == ["train", "validation", "test", "test", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (voc(thing("")), "object 1 has no name or no box"),
        (voc(thing("pit").replace("ymin", "y")), "object 1 has no name or no box"),
        (voc(thing("pit").replace("<xmax>4", "<xmax>four")), "where a coordinate should be"),
        (voc(head="<size><width>wide</width></size>"), "where a coordinate should be"),
        ("<annotations></annotations>", "not a Pascal VOC file"),
        ("<html><annotation></annotation></html>", "not a Pascal VOC file"),
        ("", "not valid XML"),
        (voc() + voc(), "not valid XML"),
    ],
)
def test_bad_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message) as caught:
        read_voc(write_text(tmp_path / "a.xml", text))
    assert "a.xml" in caught.value.message
