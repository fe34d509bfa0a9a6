"""Pascal VOC, GC10-DET and YOLO, with the oddities of their tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any
from xml.sax.saxutils import escape

from tests.labelled import write_text
from tests.sets.parts import (
    CLASSES,
    Part,
    Thing,
    Truth,
    Written,
    draw_parts,
    misspelt,
    respelt,
    write_part,
)
from trainer.formats.published.gc10 import NAMES

_ENCODINGS = ("utf-8", "utf-16", "gb18030", "gb2312", "shift_jis", "iso-8859-1")


def write_voc(folder: Path, draw: Random) -> Written:
    """Annotations/ and JPEGImages/, or all in one folder; some sets say the parts."""
    written, parts = Written("voc"), draw_parts(draw)
    texts, pictures = draw.choice((("Annotations", "JPEGImages"), (".", ".")))
    tested = {part.stem for part in parts if draw.random() < 0.3} if draw.random() < 0.5 else set()
    write_text(folder / "ImageSets" / "Main" / "test.txt", "".join(f"{stem}\n" for stem in tested if " " not in stem))
    for number, part in enumerate(parts):
        picture = write_part(folder / pictures, part, number)
        # Without a file it is left out.
        if not (part.things or part.lost or part.said):
            continue
        objects = [_object(thing.label, thing.box) for thing in part.things] + [
            _lost_object(draw) for _ in range(part.lost)
        ]
        _write_xml(draw, folder / texts / f"{respelt(draw, part.stem)}.xml", part, objects)
        own = "test" if part.stem in tested and " " not in part.stem else ""
        _expect(written, picture.relative_to(folder).as_posix(), part, own)
    if draw.random() < 0.3:
        write_text(folder / texts / "project.xml", draw.choice(("<project/>", "<annotation>", "no XML")))
        written.unused += 1
    return written


def write_gc10(folder: Path, draw: Random) -> Written:
    """Names with numbers before them, strays among them, pictures in class folders."""
    written, parts = Written("gc10"), draw_parts(draw, sorted(set(NAMES.values()) - {"inclusion"}))
    # It has no sound class, and needs two.
    parts.append(Part("other.jpg", (24, 24), 1, (Thing("inclusion", (1, 1, 5, 5)),), 0, True))
    for number, part in enumerate(parts):
        picture = write_part(folder / str(number % 3), part, number)
        objects = [_object(f"{draw.randint(1, 10)}_{_pinyin(draw, thing.label)}", thing.box) for thing in part.things]
        objects += [_object("stray", (1, 1, 20, 20)) for _ in range(part.lost)]
        if objects or part.said:
            _write_xml(draw, folder / "label" / f"{part.stem}.xml", part, objects)
        written.unused += part.lost
        if part.things:
            labels = [thing.label for thing in part.things]
            key = picture.relative_to(folder).as_posix()
            written.truths[key] = Truth(labels[0], frozenset(labels[1:]))
    return written


def _pinyin(draw: Random, label: str) -> str:
    return draw.choice([word for word, name in NAMES.items() if name == label])


def _expect(written: Written, key: str, part: Part, own: str) -> None:
    """Boxes give no mask, and a file without objects says that there is none."""
    written.expect(key, part, boxed=True, said=True, own=own)
    if truth := written.truths.get(key):
        written.truths[key] = Truth(truth.label, truth.also, None, own)


def _object(name: str, box: Sequence[int]) -> str:
    corners = "".join(f"<{n}>{v}</{n}>" for n, v in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
    return f"<object><name>{escape(name)}</name><pose/><bndbox>{corners}</bndbox></object>"


def _lost_object(draw: Random) -> str:
    whole = _object("pit", (1, 1, 5, 5))
    return draw.choice(
        (
            whole.replace("pit", ""),
            whole.replace("xmin", "x"),
            whole.replace("<xmax>5", "<xmax>five"),
            "<object/>",
            whole.replace("bndbox", "polygon"),
        )
    )


def _write_xml(draw: Random, path: Path, part: Part, objects: list[str]) -> None:
    draw.shuffle(objects)
    stem = part.stem
    named = draw.choice((misspelt(draw, part.name), stem, ""))
    name = f"<filename>{escape(named)}</filename>" if named else ""
    size = f"<size><width>{part.size[1]}</width><height>{part.size[0]}</height></size>" * (draw.random() < 0.8)
    encoding = draw.choice(_ENCODINGS)
    text = f"<annotation><folder>x</folder>{name}{size}{''.join(objects)}</annotation>"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding))
    except UnicodeEncodeError:
        path.write_bytes(text.encode())


def write_yolo(folder: Path, draw: Random) -> Written:
    """images/ and labels/, with parts or not, or texts beside the pictures."""
    written, parts = Written("yolo"), draw_parts(draw, turned=True)
    numbers = _write_names(folder, draw)
    pictures, texts = draw.choice((("images", "labels"), ("obj", "obj"), ("images", "images")))
    own_parts = {"": "", "train": "train", "val": "validation"} if draw.random() < 0.5 else {"": ""}
    for number, part in enumerate(parts):
        below = draw.choice(list(own_parts))
        picture = write_part(folder / pictures / below, part, number)
        lines = [_line(draw, part, numbers[t.label], t.box, whole) for t, whole in _kinds(draw, part)]
        boxed = any(len(line.split()) == 5 for line in lines)
        lines += [_lost_line(draw) for _ in range(part.lost)]
        if lines or part.said:
            draw.shuffle(lines)
            text = draw.choice(("\n", "\r\n", "\n\n")).join(lines)
            write_text(folder / texts / below / f"{respelt(draw, part.stem)}.txt", draw.choice(("", "\ufeff")) + text)
        written.expect(picture.relative_to(folder).as_posix(), part, boxed=boxed, own=own_parts[below])
    if draw.random() < 0.3:
        write_text(folder / texts / "gone.txt", "0 0.5 0.5 0.1 0.1\n")
        written.unused += 1
    if draw.random() < 0.3:
        for suffix in ("bmp", "jpg"):
            write_part(folder / pictures, Part(f"twin.{suffix}", (24, 24), 1, (), 0, True), 70 + len(suffix))
        write_text(folder / texts / "twin.txt", "0 0.5 0.5 0.1 0.1\n")
        written.unused += 1
    write_text(folder / "about" / "readme.txt", "Taken on line 3.\n")
    return written


def _write_names(folder: Path, draw: Random) -> dict[str, int]:
    """The classes and their numbers; number 2 has no name."""
    names = [*CLASSES[:2], "", *CLASSES[2:]]
    numbers = {name: number for number, name in enumerate(names) if name}
    if draw.random() < 0.5:
        write_text(folder / "classes.txt", "\n".join(names) + "\n")
    else:
        lines = [f"  {number}: {name!r}" for name, number in numbers.items()]
        write_text(folder / "data.yaml", "path: .\nnames:\n" + "\n".join(lines) + "\n")
    return numbers


def _kinds(draw: Random, part: Part) -> list[tuple[Any, bool]]:
    """Each defect, and whether its outline is drawn or only a box."""
    whole = draw.random() < 0.6
    return [(thing, whole or draw.random() < 0.3) for thing in part.things]


def _line(draw: Random, part: Part, number: int, box: Sequence[int], whole: bool) -> str:
    height, width = part.size
    left, top, right, bottom = (
        (box[0] + 0.5) / width,
        (box[1] + 0.5) / height,
        (box[2] + 0.5) / width,
        (box[3] + 0.5) / height,
    )
    if whole:
        return f"{number} {left} {top} {right} {top} {right} {bottom} {left} {bottom}"
    return f"{number} {(left + right) / 2:.6f} {(top + bottom) / 2:.6f} {right - left:.6f} {bottom - top:.6f}"


def _lost_line(draw: Random) -> str:
    return draw.choice(
        (
            "2 0.5 0.5 0.1 0.1",
            "99 0.5 0.5 0.1 0.1",
            "0 0.5 0.5 1.5 0.1",
            "0 0.5 0.5",
            "pit 0.5 0.5 0.1 0.1",
            "0 0.1 0.1 0.2 0.2 nan 0.3",
        )
    )
