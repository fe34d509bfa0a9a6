"""labelme and COCO, with the oddities of their tools."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np

from tests.labelled import write_text
from tests.sets.parts import Part, Thing, Written, draw_parts, misspelt, respelt, write_part


def write_labelme(folder: Path, draw: Random) -> Written:
    """Beside the pictures, or in a folder of its own."""
    written, parts = Written("labelme"), draw_parts(draw, turned=True)
    pictures, labels = draw.choice(((folder, folder), (folder / "data", folder / "label")))
    for number, part in enumerate(parts):
        picture = write_part(pictures, part, number)
        written.expect(picture.relative_to(folder).as_posix(), part)
        if part.things or part.lost or part.said:
            write_text(labels / f"{respelt(draw, part.stem)}.json", _labelme(draw, part))
    if draw.random() < 0.3:
        write_text(labels / "gone.json", json.dumps({"shapes": [_shape(draw, Thing("pit", (1, 1, 5, 5)))]}))
        written.unused += 1
    return written


def _labelme(draw: Random, part: Part) -> str:
    if part.lost == 1 and not part.things and draw.random() < 0.3:
        return '{"shapes": [{"label":'
    shapes = [_shape(draw, thing) for thing in part.things] + [_lost_shape(draw) for _ in range(part.lost)]
    draw.shuffle(shapes)
    values: dict[str, Any] = {"shapes": shapes, "flags": {f"flag {n}": False for n in range(draw.choice((0, 300)))}}
    values["imageData"] = draw.choice((None, "A" * 9000))
    if draw.random() < 0.8:
        values["imagePath"] = misspelt(draw, part.name)
    if draw.random() < 0.8:
        values |= {"imageHeight": part.size[0], "imageWidth": part.size[1]}
    keys = list(values)
    draw.shuffle(keys)
    return json.dumps({key: values[key] for key in keys}, ensure_ascii=draw.random() < 0.5)


def _shape(draw: Random, thing: Thing) -> dict[str, Any]:
    left, top, right, bottom = thing.box
    shape: dict[str, Any] = {"label": draw.choice((thing.label, f" {thing.label} ")), "group_id": None, "flags": {}}
    match draw.choice(("polygon", "none", "two corners", "four corners", "rotation", "mask")):
        case "none":
            return {**shape, "points": thing.corners}
        case "two corners":
            ends = draw.choice(
                ([[left, top], [right, bottom]], [[right, top], [left, bottom]], [[right, bottom], [left, top]])
            )
            return {**shape, "shape_type": "rectangle", "points": ends}
        case "four corners":
            return {**shape, "shape_type": "rectangle", "points": thing.corners}
        case "mask":
            pixels = np.full((bottom - top + 1, right - left + 1), draw.choice((1, 255)), np.uint8)
            coded = base64.b64encode(cv2.imencode(".png", pixels)[1].tobytes()).decode()
            return {**shape, "shape_type": "mask", "points": [[left, top], [right, bottom]], "mask": coded}
        case "rotation":
            return {**shape, "shape_type": "rotation", "points": thing.corners, "direction": 0.3}
        case _:
            points: list[list[Any]] = [[float(x), str(y)] for x, y in thing.corners]
            return {**shape, "shape_type": "polygon", "points": points}


def _lost_shape(draw: Random) -> Any:
    return draw.choice(
        (
            {"label": "pit", "points": [[1, 1], [5, 5]]},
            {"label": "pit", "points": [[1, 1]], "shape_type": "point"},
            {"label": "", "points": [[1, 1], [5, 1], [5, 5]]},
            {"label": "pit", "points": [[1, 1], [5, 1], [5, 1e99]]},
            {"label": "pit", "points": [[1, 1], [5, 5]], "shape_type": "mask", "mask": "torn"},
            {"label": "pit", "points": None},
            {"label": "pit", "points": [[900, 1], [950, 1], [950, 5]]},
            {"label": "pit", "points": [[1, 1], [5, 5], [3, 3]]},
            {"label": "pit", "points": [[2, 2], [2, 2]], "shape_type": "rectangle"},
            "pit",
        )
    )


def write_coco(folder: Path, draw: Random) -> Written:
    """One file, or one for each part in a folder of its own."""
    written, parts = Written("coco"), draw_parts(draw, turned=True)
    named = draw.choice(
        ({"annotations.json": ("images", "")}, {f"{p}/_annotations.coco.json": (p, p) for p in ("train", "test")})
    )
    categories = [
        {"id": n, "name": name} for n, name in enumerate(dict.fromkeys(t.label for p in parts for t in p.things))
    ]
    for place, (file, (where, own)) in enumerate(named.items()):
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for number, part in list(enumerate(parts))[place :: len(named)]:
            picture = write_part(folder / where, part, number)
            # A picture that is said nothing of is in no file, and taken for nothing.
            if not (part.things or part.lost or part.said):
                continue
            images += _listed(draw, part, number)
            boxed = [_annotation(draw, part, number, thing, categories, annotations) for thing in part.things]
            annotations += [_lost_annotation(draw, number) for _ in range(part.lost)]
            key = picture.relative_to(folder).as_posix()
            written.expect(key, part, boxed=any(boxed), said=False, own=own)
        if draw.random() < 0.3:
            annotations.append({"id": 999, "image_id": 999, "category_id": 0, "bbox": [1, 1, 2, 2]})
            written.unused += 1
        draw.shuffle(annotations)
        text = json.dumps({"info": {}, "images": images, "annotations": annotations, "categories": categories})
        write_text(folder / file, text)
    return written


def _number(draw: Random, number: int) -> Any:
    return draw.choice((number, float(number), str(number)))


def _listed(draw: Random, part: Part, number: int) -> list[dict[str, Any]]:
    """Once or twice, with its size or without."""
    entry = {"id": _number(draw, number), "file_name": misspelt(draw, part.name)}
    if draw.random() < 0.7:
        entry |= {"height": _number(draw, part.size[0]), "width": part.size[1]}
    return [entry] * draw.choice((1, 1, 1, 2))


def _annotation(
    draw: Random, part: Part, number: int, thing: Thing, categories: list[dict[str, Any]], into: list[dict[str, Any]]
) -> bool:
    """Append it; True where it is a box alone."""
    left, top, right, bottom = thing.box
    category = next(c["id"] for c in categories if c["name"] == thing.label)
    entry: dict[str, Any] = {"id": len(into), "image_id": _number(draw, number), "category_id": _number(draw, category)}
    into.append(entry)
    entry["bbox"] = [left, top, right - left + 1, bottom - top + 1]
    kind = draw.choice(("polygon", "two polygons", "runs", "box"))
    if kind == "runs":
        mask = np.zeros(part.size, bool)
        mask[top : bottom + 1, left : right + 1] = True
        entry["segmentation"] = {"size": list(part.size), "counts": counts_of(mask)}
    elif kind != "box":
        outline = [v for corner in thing.corners for v in corner]
        entry["segmentation"] = [outline] * (2 if kind == "two polygons" else 1)
    return kind == "box"


def _lost_annotation(draw: Random, number: int) -> dict[str, Any]:
    odd = draw.choice(
        (
            {"category_id": 0, "segmentation": [[1, 2, 3, 4]]},
            {"category_id": 0, "segmentation": [[1, 2, 3, 4, 5, "x"]]},
            {"category_id": 0, "segmentation": {"size": [3, 3], "counts": [9]}},
            {"category_id": 0, "segmentation": []},
            {"category_id": 77, "bbox": [1, 1, 2, 2]},
            {"category_id": None, "bbox": [1, 1, 2, 2]},
            {"category_id": 0, "bbox": [1, 1, 2]},
            {"category_id": 0, "bbox": [900, 900, 2, 2]},
            {"category_id": 0, "segmentation": [[900, 1, 950, 1, 950, 5]]},
            {"category_id": 0, "segmentation": [[1, 1, 5, 5, 3, 3], [2, 2, 2, 2, 2, 2]]},
        )
    )
    return {"image_id": number, **odd}


def counts_of(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> list[int]:
    """COCO's counts, down the columns, of unset pixels first."""
    found, last = [0], False
    for inside in mask.T.ravel().tolist():
        if inside != last:
            found.append(0)
            last = inside
        found[-1] += 1
    return found
