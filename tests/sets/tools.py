"""CVAT, Label Studio and Lookout for Vision, with the oddities of their exports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import cv2
import numpy as np

from engine.domain.inspection import Mask
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
    write_lost_mask,
    write_part,
)


def write_cvat(folder: Path, draw: Random) -> Written:
    """Polygons, brushed masks and boxes; some projects have subsets."""
    written = Written("cvat")
    subsets = draw.choice(((("", ""),), (("Train", "train"), ("Test", "test"))))
    images = []
    for number, part in enumerate(draw_parts(draw, turned=True)):
        subset, own = draw.choice(subsets)
        picture = write_part(folder / "images" / subset, part, number)
        boxed = draw.random() < 0.2
        objects = [_boxed(t) if boxed and n == 0 else _drawn(draw, t) for n, t in enumerate(part.things)]
        objects += [_lost_object(draw) for _ in range(part.lost)]
        draw.shuffle(objects)
        size = f'width="{part.size[1]}" height="{part.size[0]}"'
        more = f' subset="{subset}"' if subset else ""
        named = quoteattr(misspelt(draw, part.name))
        images.append(f'<image id="{number}" name={named}{more} {size}>{"".join(objects)}</image>')
        written.expect(picture.relative_to(folder).as_posix(), part, boxed=boxed, said=False, own=own)
    if draw.random() < 0.3:
        shape = _drawn(draw, Thing("pit", (1, 1, 5, 5)))
        images.append(f'<image id="99" name="gone.png" width="24" height="24">{shape}</image>')
        written.unused += 1
    labels = "".join(f"<label><name>{name}</name></label>" for name in CLASSES)
    head = f"<version>1.1</version><meta><task><labels>{labels}</labels></task></meta>"
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n{head}\n{"".join(images)}</annotations>'
    write_text(folder / draw.choice(("annotations.xml", "export/task 7.xml")), text)
    return written


def _boxed(thing: Thing) -> str:
    left, top, right, bottom = thing.box
    place = f'xtl="{left}.0" ytl="{top}.0" xbr="{right}.0" ybr="{bottom}.0"'
    return f'<box label={quoteattr(thing.label)} occluded="0" {place} z_order="0"></box>'


def _drawn(draw: Random, thing: Thing) -> str:
    label, (left, top, right, bottom) = quoteattr(thing.label), thing.box
    if draw.random() < 0.5:
        points = ";".join(f"{x:.2f},{y:.2f}" for x, y in thing.corners)
        return f'<polygon label={label} source="manual" points="{points}"><attribute name="a">b</attribute></polygon>'
    # One column more to the left, which is not set.
    wide, high = right - left + 2, bottom - top + 1
    counts = ", ".join(["1", str(wide - 1)] * high)
    return f'<mask label={label} rle="{counts}" left="{left - 1}" top="{top}" width="{wide}" height="{high}"></mask>'


def _lost_object(draw: Random) -> str:
    return draw.choice(
        (
            '<points label="pit" points="1,2;3,4"></points>',
            '<polygon label="pit" points="1,2;3,4"></polygon>',
            '<polygon label="" points="1,2;3,4;5,9"></polygon>',
            '<box label="pit" xtl="1" ytl="nan" xbr="2" ybr="3"></box>',
            '<mask label="pit" rle="1, 2" left="0" top="0" width="2" height="2"></mask>',
            '<skeleton label="pit"><points label="1" points="1,2"></points></skeleton>',
        )
    )


def write_label_studio(folder: Path, draw: Random) -> Written:
    """Polygons, brushed masks and boxes, addresses of every kind, tasks that nobody finished."""
    written, tasks = Written("label-studio"), []
    for number, part in enumerate(draw_parts(draw, turned=True)):
        picture = write_part(folder / "images", part, number)
        done = bool(part.things or part.lost or part.said)
        boxed = draw.random() < 0.2
        results = [_result(draw, part, t, boxed=boxed and n == 0) for n, t in enumerate(part.things)]
        results += [_lost_result(draw) for _ in range(part.lost)]
        draw.shuffle(results)
        annotations = [{"id": number, "result": results, "was_cancelled": False}] if done else []
        if draw.random() < 0.3:
            annotations.insert(0, {"id": 100 + number, "result": [{}], "was_cancelled": True})
        tasks.append({"id": number, "annotations": annotations, "data": {"image": _address(draw, part.name)}})
        if done:
            written.expect(picture.relative_to(folder).as_posix(), part, boxed=boxed, said=True)
    if draw.random() < 0.3:
        tasks.append({"id": 99, "annotations": [{"result": []}], "data": {"image": "gone.png"}})
        written.unused += 1
    write_text(folder / "project-1.json", json.dumps(tasks, ensure_ascii=draw.random() < 0.5))
    return written


def _address(draw: Random, name: str) -> str:
    kinds = (f"/data/upload/1/1a2b3c4d-{quote(name)}", f"s3://lots/a/{name}", f"https://h/{quote(name)}?token=1")
    return draw.choice((*kinds, f"/data/local-files/?d=lot/{quote(name)}", misspelt(draw, name)))


def _result(draw: Random, part: Part, thing: Thing, *, boxed: bool) -> dict[str, Any]:
    (height, width), (left, top, right, bottom) = part.size, thing.box
    kind = "rectanglelabels" if boxed else draw.choice(("polygonlabels", "brushlabels"))
    if kind == "rectanglelabels":
        places = (100 * left / width, 100 * top / height, 100 * (right - left) / width, 100 * (bottom - top) / height)
        value: dict[str, Any] = dict(zip(("x", "y", "width", "height"), places, strict=True))
    elif kind == "polygonlabels":
        value = {"points": [[100 * (x + 0.5) / width, 100 * (y + 0.5) / height] for x, y in thing.corners]}
    else:
        channels = np.zeros((height, width, 4), np.uint8)
        channels[top : bottom + 1, left : right + 1] = 255
        value = {"format": "rle", "rle": pack(channels.ravel().tolist())}
    value[kind] = [thing.label]
    size = {"original_width": width, "original_height": height, "image_rotation": 0}
    return {**size, "value": value, "id": f"r{draw.random()}", "type": kind, "origin": "manual"}


def _lost_result(draw: Random) -> dict[str, Any]:
    size = {"original_width": 30, "original_height": 30, "image_rotation": 0}
    return draw.choice(
        (
            {"type": "polygonlabels"},
            {**size, "type": "keypointlabels", "value": {"x": 1, "y": 1, "width": 1, "keypointlabels": ["pit"]}},
            {**size, "type": "polygonlabels", "value": {"points": [[1, 1], [2, 2]]}},
            {**size, "type": "brushlabels", "value": {"rle": [1, 2], "brushlabels": ["pit"]}},
            {**size, "image_rotation": 90, "type": "brushlabels", "value": {"rle": [], "brushlabels": ["pit"]}},
        )
    )


def pack(channels: Sequence[int]) -> list[int]:
    """Values as Label Studio packs them: equal ones as runs, the rest one by one; lengths of 4, 8, 12 and 16 bits."""
    sizes = (4, 8, 12, 16)
    bits = [f"{len(channels):032b}{7:05b}", *(f"{size - 1:04b}" for size in sizes)]
    place = 0
    while place < len(channels):
        run = 1
        while place + run < len(channels) and channels[place + run] == channels[place] and run < 2**16:
            run += 1
        values = channels[place : place + 1]
        if run < 3:
            run = min(5, len(channels) - place)
            values = channels[place : place + run]
        which = next(n for n, size in enumerate(sizes) if run - 1 < 2**size)
        bits.append(f"{int(len(values) == 1)}{which:02b}{run - 1:0{sizes[which]}b}")
        bits += [f"{value:08b}" for value in values]
        place += run
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return [int(text[n : n + 8], 2) for n in range(0, len(text), 8)]


_COLOURS = {name: 0x2CA02C + 0x110005 * number for number, name in enumerate(CLASSES)}


def _coloured(part: Part, ground: int) -> Mask:
    """The defects in their colours as OpenCV stores them, the smallest on top."""
    mask = np.zeros((*part.size, 3), np.uint8)
    for colour, (left, top, right, bottom) in (
        (ground, (0, 0, part.size[1], part.size[0])),
        *((_COLOURS[thing.label], thing.box) for thing in part.things),
    ):
        mask[top : bottom + 1, left : right + 1] = (colour & 255, colour >> 8 & 255, colour >> 16)
    return mask


def _save(path: Path, mask: Mask) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, mask)[1].tobytes())


def write_manifest(folder: Path, draw: Random) -> Written:
    """Classes, and masks in colours where there are any; a picture beside them that no line names."""
    written, lines = Written("manifest"), []
    for number, part in enumerate(draw_parts(draw, turned=True)):
        picture = write_part(folder / "images", part, number)
        if not (part.things or part.lost or part.said):
            continue
        key, label = picture.relative_to(folder).as_posix(), "anomaly" if part.things or part.lost else "normal"
        line: dict[str, Any] = {"source-ref": f"s3://b/{misspelt(draw, part.name)}", "anomaly-label": 1}
        line["anomaly-label-metadata"] = {"class-name": label, "type": "groundtruth/image-classification"}
        drawn = bool(part.lost) or draw.random() < 0.7
        if drawn:
            ground, named = draw.choice(((0xFFFFFF, "BACKGROUND"), (0xFFFFFF, ""), (0, "background")))
            path = folder / "masks" / f"{part.stem}.png"
            _save(path, _coloured(part, ground))
            if part.lost:
                write_lost_mask(path, part.mask(), draw)
            colours = {**({named: ground} if named else {}), **_COLOURS}
            told = [{"class-name": name, "hex-color": f"#{colour:06x}"} for name, colour in colours.items()]
            line["anomaly-mask-ref"] = f"s3://b/masks/{part.stem}.png"
            line["anomaly-mask-ref-metadata"] = {"internal-color-map": {str(n): one for n, one in enumerate(told)}}
        lines.append(json.dumps(line, ensure_ascii=draw.random() < 0.5))
        _expect(written, key, part, label, drawn=drawn, own="test")
    if draw.random() < 0.3:
        lines.append(draw.choice(('{"source-ref": "s3://b/x.jpg"}', "{", "[1]")))
        written.unused += 1
    write_text(folder / "test.manifest", "\n".join(lines) + "\n")
    return written


def _expect(written: Written, key: str, part: Part, label: str, *, drawn: bool, own: str) -> None:
    if drawn and (part.lost or part.held > 1):
        written.unused += 1
    elif drawn and part.things:
        names = [thing.label for thing in part.things]
        written.truths[key] = Truth(names[0], frozenset(names[1:]), part.mask(), own)
    else:
        written.truths[key] = Truth(label, mask=None if part.things else part.mask(), part=own)


def write_colour_masks(folder: Path, draw: Random) -> Written:
    """CVAT's segmentation masks; what is in a list and has no mask is sound for want of it."""
    written, lists = Written("colour-masks"), {"Train": list[str](), "default": list[str]()}
    for number, part in enumerate(draw_parts(draw, turned=True)):
        picture = write_part(folder / "JPEGImages", part, number)
        key, name = picture.relative_to(folder).as_posix(), draw.choice(tuple(lists))
        own = "train" if name == "Train" else ""
        drawn = bool(part.things or part.lost or part.said)
        if drawn or draw.random() < 0.5:
            lists[name].append(f'"{part.stem}"' if " " in part.stem else part.stem)
            if not drawn:
                written.truths[key] = Truth("ok", mask=part.mask(), part=own)
                written.assumed += 1
        if drawn:
            path = folder / "SegmentationClass" / f"{respelt(draw, part.stem)}.png"
            _save(path, _coloured(part, 0))
            if part.lost:
                write_lost_mask(path, part.mask(), draw)
            _expect(written, key, part, "ok", drawn=True, own=own)
    colours = {"background": 0, **_COLOURS}
    text = "".join(f"{name}:{c >> 16},{c >> 8 & 255},{c & 255}::\n" for name, c in colours.items())
    write_text(folder / "labelmap.txt", f"# label:color_rgb:parts:actions\n{text}")
    for name, stems in lists.items():
        write_text(folder / "ImageSets" / "Segmentation" / f"{name}.txt", "".join(f"{stem}\n" for stem in stems))
    return written
