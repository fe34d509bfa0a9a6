"""What a made set holds: parts with their defects, how they are held, and what of their labels cannot be used."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Mask, Pixels
from tests.labelled import turn, write_picture

Box = tuple[int, int, int, int]
"""Left, top, right and bottom pixel, all inside."""
CLASSES = ("pit", "deep: pit", "划痕", "Riß", "edge, worn")
NAMES = ("part", "IMG_", "Grat ä", "plate.1 ", "çé_", "a.b.", "Teil-")


@dataclass(frozen=True, slots=True)
class Thing:
    """A defect, where it is seen on the picture as it is to be held."""

    label: str
    box: Box

    @property
    def corners(self) -> list[list[int]]:
        """Round it, from the upper left."""
        left, top, right, bottom = self.box
        return [[left, top], [right, top], [right, bottom], [left, bottom]]


@dataclass(frozen=True, slots=True)
class Part:
    """One picture: `lost` labels of it cannot be used; nobody labelled it where it is not `said` anything of it."""

    name: str
    size: tuple[int, int]
    """Height and width as it is shown."""
    held: int
    things: tuple[Thing, ...]
    lost: int
    said: bool

    @property
    def stem(self) -> str:
        """Its name without the suffix."""
        return self.name.rpartition(".")[0]

    def mask(self) -> Mask:
        """All its defects on the picture as it is stored."""
        shown = np.zeros(self.size, np.uint8)
        for thing in self.things:
            left, top, right, bottom = thing.box
            shown[top : bottom + 1, left : right + 1] = 255
        return on_stored(shown, self.held)


@dataclass(frozen=True, slots=True)
class Truth:
    """What must be read of a picture; `mask` None: no mask."""

    label: str
    also: frozenset[str] = frozenset()
    mask: Mask | None = None
    part: str = ""


@dataclass(slots=True)
class Written:
    """What reading a set must give."""

    layout: str
    truths: dict[str, Truth] = field(default_factory=dict)
    unused: int = 0
    assumed: int = 0
    """Pictures that are sound for want of a label."""

    def expect(self, key: str, part: Part, *, boxed: bool = False, said: bool | None = None, own: str = "") -> None:
        """By the rule: a lost label leaves no mask, a picture of nothing else is left out, one of nothing is sound."""
        self.unused += part.lost
        if not part.things and part.lost:
            return
        labels = [thing.label for thing in part.things] or ["ok"]
        whole = not part.lost and not (boxed and part.things)
        self.truths[key] = Truth(labels[0], frozenset(labels[1:]) - {labels[0]}, part.mask() if whole else None, own)
        self.assumed += not part.things and not (part.said if said is None else said)


def show(stored: NDArray[np.generic], held: int) -> NDArray[np.generic]:
    """As a viewer turns it (Exif 3.0, tag 0x0112)."""
    ways = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.T,
        6: lambda p: np.rot90(p, -1),
        7: lambda p: p[::-1, ::-1].T,
        8: lambda p: np.rot90(p, 1),
    }
    shown: NDArray[np.generic] = ways[held](stored)
    return shown


def on_stored(shown: Mask, held: int) -> Mask:
    """Each pixel back to where a viewer took it from."""
    size = shown.shape[::-1] if held >= 5 else shown.shape
    places = show(np.arange(shown.size).reshape(size), held)
    stored = np.zeros(shown.size, np.uint8)
    stored[places.ravel()] = shown.ravel()
    return stored.reshape(size)


def draw_parts(
    draw: Random, classes: Sequence[str] = CLASSES, *, turned: bool = False, losing: bool = True
) -> list[Part]:
    """Four to nine parts: a defect, two sound ones, and others of any kind."""
    found = []
    for number in range(draw.randint(4, 9)):
        held = draw.randint(1, 8) if turned and number > 2 and draw.random() < 0.4 else 1
        size = (draw.randint(24, 40), draw.randint(24, 40))
        count = (1, 0, 0)[number] if number < 3 else draw.choice((0, 0, 1, 2, 3))
        lost = draw.choice((0, 0, 0, 1, 2)) if losing and number > 2 else 0
        name = f"{draw.choice(NAMES)}{number}{draw.choice(('.png', '.bmp', '.jpg', '.JPG', '.tif'))}"
        things = tuple(
            _thing(draw, label, side, size)
            for label, side in zip(_labels(draw, classes), (12, 5, 2)[:count], strict=False)
        )
        found.append(
            Part(
                name,
                size,
                held if name.lower().endswith(".jpg") else 1,
                things,
                lost,
                number == 1 or draw.random() < 0.5,
            )
        )
    return found


def _labels(draw: Random, classes: Sequence[str]) -> list[str]:
    return draw.sample(list(classes), min(3, len(classes)))


def _thing(draw: Random, label: str, side: int, size: tuple[int, int]) -> Thing:
    """Square, so that the first of a picture has the largest area, however it is measured."""
    left, top = draw.randint(0, size[1] - side - 1), draw.randint(0, size[0] - side - 1)
    return Thing(label, (left, top, left + side, top + side))


def write_part(folder: Path, part: Part, seed: int) -> Path:
    """Its picture, which shows nothing: only labels are read here."""
    size = part.size[::-1] if part.held >= 5 else part.size
    path = write_picture(folder / part.name, seed, size)
    return turn(path, part.held) if part.held > 1 else path


def misspelt(draw: Random, name: str) -> str:
    """The same name as another tool or system writes it."""
    stem, _, suffix = name.rpartition(".")
    return draw.choice(
        (
            name,
            name,
            name.upper() if "ß" not in name else name,
            unicodedata.normalize("NFD", name),
            f"{stem}.{draw.choice(('png', 'jpeg', 'PNG'))}",
            f"C:\\data\\lot 1\\{name}",
            f"../{suffix}/{name}",
        )
    )


def respelt(draw: Random, name: str) -> str:
    """The same name with large letters, or accents as a Mac writes them."""
    return draw.choice((name, name.upper() if "ß" not in name else name, unicodedata.normalize("NFD", name)))


def write_any_mask(path: Path, mask: Mask, draw: Random) -> None:
    """As some tool writes a mask: 0 and 1, 0 and 255, class numbers, 16 bits, colours."""
    on = mask > 0
    deep = () if path.suffix == ".bmp" else ("deep", "deep one")
    kind = draw.choice(("one", "full", "class", "colour", "classes", *deep))
    pixels: Pixels = np.where(on, {"one": 1, "full": 255, "class": draw.randint(2, 254)}.get(kind, 0), 0).astype(
        np.uint8
    )
    match kind:
        case "deep":
            pixels = np.where(on, 65535, 0).astype(np.uint16)
        case "deep one":
            pixels = on.astype(np.uint16)
        case "colour":
            pixels = on[..., None] * np.array(draw.choice(((0, 0, 128), (1, 0, 0), (200, 100, 7))), np.uint8)
        case "classes":
            pixels[on] = np.arange(on.sum()) % 5 + 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())


def write_lost_mask(path: Path, mask: Mask, draw: Random) -> None:
    """One that cannot be used: of another size, torn, or of values that can mean anything."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = draw.choice(("size", "torn", "ground"))
    pixels = mask[:-1] if kind == "size" else np.full(mask.shape, 40, np.uint8)
    data = cv2.imencode(path.suffix, pixels)[1].tobytes()
    path.write_bytes(data[: len(data) // 2] if kind == "torn" else data)
