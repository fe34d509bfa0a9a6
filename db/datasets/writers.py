"""The layouts an export can have: one writer each, all with the same three steps (open, add, finish)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np

from db.datasets.samples import Roles, Sample, Unusable
from db.images.encoding import encode_png
from engine.domain.inspection import Box, Contour, Mask, utc_now
from engine.system.files import write_atomically
from engine.training import DATASET_FILE, DATASET_SCHEMA, DatasetItem, DatasetManifest

Format = Literal["lineside", "imagefolder", "coco", "yolo", "masks"]


class Writer(Protocol):
    """Writes one data set into an empty folder."""

    def add(self, sample: Sample) -> None:
        """Write one sample. Raises Unusable when this layout cannot say what it is."""
        ...

    def finish(self) -> None:
        """Write what describes the whole."""
        ...


def writer(fmt: Format, folder: Path, roles: Roles, name: str) -> Writer:
    """The writer of a layout."""
    match fmt:
        case "lineside":
            return _Lineside(folder, roles, name)
        case "imagefolder":
            return _ImageFolder(folder, roles)
        case "coco":
            return _Coco(folder, roles, name)
        case "yolo":
            return _Yolo(folder, roles)
        case "masks":
            return _Masks(folder)


def defect_parts(mask: Mask) -> list[tuple[Box, float, Contour]]:
    """The connected parts of a mask, largest first: box in pixels, area in pixels, outer contour."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        np.where(mask > 0, 1, 0).astype(np.uint8), connectivity=8
    )
    found = []
    for index in range(1, count):
        x, y, width, height, area = (int(v) for v in stats[index][:5])
        part = np.where(labels[y : y + height, x : x + width] == index, 1, 0).astype(np.uint8)
        outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(x, y))
        contour = tuple((int(px), int(py)) for px, py in outlines[0].reshape(-1, 2))
        found.append(((x, y, width, height), float(area), contour))
    return sorted(found, key=lambda part: -part[1])


def _located(sample: Sample) -> list[tuple[Box, float, Contour]]:
    """The defects' places; a defective part without them would be taught as background."""
    if sample.sound:
        return []
    if sample.mask is None:
        raise Unusable("where its defect lies is not known, and this format needs it")
    return defect_parts(sample.mask)


def _write_json(path: Path, values: Any) -> None:
    write_atomically(path, (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode())


class _Lineside:
    """dataset.json, pictures/, masks/ as engine.training describes them."""

    def __init__(self, folder: Path, roles: Roles, name: str) -> None:
        self._folder, self._roles, self._name = folder, roles, name
        self._items: list[DatasetItem] = []

    def add(self, sample: Sample) -> None:
        path, mask = f"pictures/{sample.id}.png", None
        write_atomically(self._folder / path, sample.png)
        if sample.mask is not None:
            mask = f"masks/{sample.id}.png"
            write_atomically(self._folder / mask, encode_png(sample.mask, flat=True))
        override, inspection = sample.override, sample.stored.inspection
        self._items.append(
            DatasetItem(
                path=path,
                sha256=hashlib.sha256(sample.png).hexdigest(),
                label=sample.label,
                mask=mask,
                group=sample.group,
                inspection=inspection.id,
                verdict=str(inspection.verdict.outcome),
                operator=override.operator,
                at=override.at.isoformat(),
                why=override.why,
            )
        )

    def finish(self) -> None:
        manifest = DatasetManifest(
            schema=DATASET_SCHEMA,
            name=self._name,
            created_at=utc_now().isoformat(),
            classes=list(self._roles.classes),
            ok_classes=list(self._roles.ok_classes),
            items=self._items,
        )
        write_atomically(self._folder / DATASET_FILE, manifest.model_dump_json(by_alias=True, indent=2).encode())


class _ImageFolder:
    """One folder a class. Folder names are made safe; classes.json keeps the real ones."""

    def __init__(self, folder: Path, roles: Roles) -> None:
        self._folder = folder
        self._roles = roles
        self._places: dict[str, str] = {}
        for label in roles.classes:
            safe = "".join(c if c.isalnum() or c in "-_ " else "_" for c in label).strip() or "class"
            while safe.lower() in (p.lower() for p in self._places.values()):
                safe += "_"
            self._places[label] = safe

    def add(self, sample: Sample) -> None:
        write_atomically(self._folder / self._places[sample.label] / f"{sample.id}.png", sample.png)

    def finish(self) -> None:
        if any(label != place for label, place in self._places.items()):
            _write_json(self._folder / "classes.json", {place: label for label, place in self._places.items()})


class _Coco:
    """COCO instances: images/ and annotations.json; categories are the defects, sound parts have no annotation."""

    def __init__(self, folder: Path, roles: Roles, name: str) -> None:
        self._folder, self._name = folder, name
        defects = [c for c in roles.classes if c not in roles.ok_classes]
        self._categories = {label: number for number, label in enumerate(defects, start=1)}
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add(self, sample: Sample) -> None:
        parts = _located(sample)
        name, number = f"{sample.id}.png", len(self._images) + 1
        write_atomically(self._folder / "images" / name, sample.png)
        height, width = sample.size
        self._images.append({"id": number, "file_name": name, "height": height, "width": width})
        for box, area, contour in parts:
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": number,
                    "category_id": self._categories[sample.label],
                    "bbox": list(box),
                    "area": area,
                    "iscrowd": 0,
                    "segmentation": [_polygon(box, contour)],
                }
            )

    def finish(self) -> None:
        categories = [{"id": n, "name": label, "supercategory": "defect"} for label, n in self._categories.items()]
        values = {
            "info": {"description": self._name, "date_created": utc_now().isoformat(), "version": "1.0"},
            "images": self._images,
            "annotations": self._annotations,
            "categories": categories,
        }
        _write_json(self._folder / "annotations.json", values)


class _Yolo:
    """YOLO detection: images/, labels/ (class, centre and size as fractions), data.yaml; sound parts: an empty file."""

    def __init__(self, folder: Path, roles: Roles) -> None:
        self._folder = folder
        self._names = [c for c in roles.classes if c not in roles.ok_classes]

    def add(self, sample: Sample) -> None:
        height, width = sample.size
        lines = [
            f"{self._names.index(sample.label)} {(x + w / 2) / width:.6f} {(y + h / 2) / height:.6f} "
            f"{w / width:.6f} {h / height:.6f}\n"
            for (x, y, w, h), _, _ in _located(sample)
        ]
        write_atomically(self._folder / "images" / f"{sample.id}.png", sample.png)
        write_atomically(self._folder / "labels" / f"{sample.id}.txt", "".join(lines).encode())

    def finish(self) -> None:
        # A JSON string is a valid YAML scalar: names with colons or quotes stay what they are.
        names = "".join(f"  {n}: {json.dumps(name, ensure_ascii=False)}\n" for n, name in enumerate(self._names))
        text = f"path: .\ntrain: images\nval: images\nnames:\n{names}"
        write_atomically(self._folder / "data.yaml", text.encode())


class _Masks:
    """images/ and masks/ with the same names; 255 = defect, all 0 on sound parts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, sample: Sample) -> None:
        _located(sample)
        mask = sample.mask if sample.mask is not None else np.zeros(sample.size, np.uint8)
        write_atomically(self._folder / "images" / f"{sample.id}.png", sample.png)
        write_atomically(self._folder / "masks" / f"{sample.id}.png", encode_png(mask, flat=True))

    def finish(self) -> None:
        """Nothing describes the whole."""


def _polygon(box: Box, contour: Contour) -> list[int]:
    if len(contour) >= 3:
        return [value for point in contour for value in point]
    x, y, width, height = box
    return [x, y, x + width, y, x + width, y + height, x, y + height]
