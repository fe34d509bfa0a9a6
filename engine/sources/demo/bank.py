"""Everything that is costly and made once a seed: textures, shapes, light, background and sensor noise.

Each is made when a part first needs it, so that the first part need not wait for what only others show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from threading import Lock
from typing import Generic, TypeVar

import cv2
import numpy as np

from engine.sources.demo.noise import Field, Picture, as_grey, clouds, generator, streaks, white
from engine.sources.demo.shapes import CANVAS_HEIGHT, CANVAS_WIDTH, Shape, shape
from engine.sources.demo.surfaces import SURFACES, Surface, texture

T = TypeVar("T")
BIG_HEIGHT, BIG_WIDTH = 1331, 1664
"""1.3 times the picture."""
LIGHT_ONE = 128
"""The light field's value that leaves a pixel as it is."""
NOISE_ZERO = 16
_TEXTURES: dict[Surface, int] = {"brushed": 2, "rolled": 2, "turned": 4, "milled": 2}


class Shelf(Generic[T]):
    """So many things of a kind, each made when it is first taken, once, whoever takes it."""

    def __init__(self, *makers: Callable[[], T]) -> None:
        self._makers = makers
        self._made: dict[int, T] = {}
        self._making = Lock()

    def __len__(self) -> int:
        return len(self._makers)

    @property
    def made(self) -> int:
        """How many of them are made."""
        return len(self._made)

    def __getitem__(self, place: int) -> T:
        with self._making:
            if place not in self._made:
                self._made[place] = self._makers[place]()
            return self._made[place]


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Read-only pictures, all uint8, 1331×1664 unless said otherwise."""

    textures: dict[Surface, Shelf[Picture]]
    """Turned textures are 1144×1400, centred."""
    shapes: dict[Surface, Shelf[Shape]]
    """One each."""
    lights: Shelf[Picture]
    """Uneven light, 128 = 1.0."""
    glares: dict[Surface, Shelf[Picture]]
    """Broad reflections across the grain, 0 = none; turned faces have fans instead."""
    fans: Shelf[Picture]
    """The two-winged reflection of turned faces, centred."""
    backgrounds: Shelf[Picture]
    noises: Shelf[Picture]
    """Sensor noise, 16 = none, deviation 4; one."""

    def shape(self, surface: Surface) -> Shape:
        """The part that is made of this surface."""
        return self.shapes[surface][0]

    @property
    def noise(self) -> Picture:
        """The sensor noise."""
        return self.noises[0]

    def __len__(self) -> int:
        """How many things are made."""
        return sum(shelf.made for shelf in self._shelves)

    def fill(self) -> Iterator[None]:
        """Make what is not made yet, one thing a step (a second or two in all)."""
        for shelf in self._shelves:
            for place in range(len(shelf)):
                shelf[place]
                yield

    @property
    def _shelves(self) -> list[Shelf[Picture] | Shelf[Shape]]:
        alone = [self.lights, self.fans, self.backgrounds, self.noises]
        # Brushed and rolled parts take their reflections from one shelf.
        glares = {id(shelf): shelf for shelf in self.glares.values()}
        return [*self.textures.values(), *self.shapes.values(), *glares.values(), *alone]


@lru_cache(maxsize=2)
def bank(seed: int) -> Bank:
    """The bank of a seed; the last two are kept, because the line and its tests open the same one again."""
    return Bank(
        textures={surface: _textures(seed, place, surface) for place, surface in enumerate(SURFACES)},
        shapes={surface: Shelf(partial(shape, surface)) for surface in SURFACES},
        lights=_shelf(_light, seed, 1, range(3)),
        glares=_glares(seed),
        fans=_shelf(_fan, seed, 3, range(2)),
        backgrounds=_shelf(_background, seed, 4, range(2)),
        noises=Shelf(lambda: as_grey(NOISE_ZERO + 4 * white(generator(seed, 5), BIG_HEIGHT, BIG_WIDTH))),
    )


def _shelf(make: Callable[[np.random.Generator], Picture], seed: int, kind: int, places: range) -> Shelf[Picture]:
    """Each from a stream of random numbers of its own: nothing depends on what was made before."""
    return Shelf(*(partial(_from_stream, make, seed, kind, place) for place in places))


def _from_stream(make: Callable[[np.random.Generator], Picture], seed: int, kind: int, place: int) -> Picture:
    return make(generator(seed, kind, place))


def _textures(seed: int, place: int, surface: Surface) -> Shelf[Picture]:
    size = (CANVAS_HEIGHT, CANVAS_WIDTH) if surface == "turned" else (BIG_HEIGHT, BIG_WIDTH)
    return Shelf(*(partial(_texture, surface, (seed, 0, place, number), size) for number in range(_TEXTURES[surface])))


def _texture(surface: Surface, keys: tuple[int, ...], size: tuple[int, int]) -> Picture:
    return texture(surface, generator(*keys), *size)


def _grid() -> tuple[Field, Field]:
    """y and x in -1…1 over the big picture at an eighth of its size."""
    y, x = np.mgrid[-1 : 1 : BIG_HEIGHT // 8 * 1j, -1 : 1 : BIG_WIDTH // 8 * 1j].astype(np.float32)
    return y, x


def _enlarge(small: Field) -> Picture:
    return as_grey(np.asarray(cv2.resize(small, (BIG_WIDTH, BIG_HEIGHT), interpolation=cv2.INTER_LINEAR), np.float32))


def _light(rng: np.random.Generator) -> Picture:
    """A slanted gradient, the fall-off of a lens towards the corners, and a slightly patchy lamp."""
    y, x = _grid()
    turn = rng.uniform(0, 2 * np.pi)
    slant = rng.uniform(0.08, 0.2) * (np.cos(turn) * x + np.sin(turn) * y)
    fall = 1 - rng.uniform(0.16, 0.3) * (x * x + y * y)
    patchy = 0.035 * clouds(rng, x.shape, 50)
    return _enlarge(np.asarray(LIGHT_ONE * (1.06 * fall + slant + patchy), dtype=np.float32))


def _glares(seed: int) -> dict[Surface, Shelf[Picture]]:
    """Grained metal frays the reflection along its grain; a milled face, whose marks lie every way, does not."""
    frayed = _shelf(partial(_glare, fray=0.09), seed, 2, range(3))
    plain = _shelf(partial(_glare, fray=0.0), seed, 2, range(3, 5))
    return {"brushed": frayed, "rolled": frayed, "milled": plain}


def _glare(rng: np.random.Generator, fray: float) -> Picture:
    """A lamp thrown back as bands across the grain."""
    y, x = _grid()
    along = x + rng.uniform(-0.12, 0.12) * y + 0.02 * clouds(rng, x.shape, 90)
    field = np.zeros_like(x)
    for _ in range(int(rng.integers(1, 4))):
        width, place = rng.uniform(0.16, 0.42), rng.uniform(-0.8, 0.8)
        field += rng.uniform(0.4, 1.0) * np.exp(-(((along - place) / width) ** 2))
    big = cv2.resize(1.1 * np.tanh(field / 1.1), (BIG_WIDTH, BIG_HEIGHT)) * 100
    if fray > 0:
        big = big * (1 + fray * streaks(rng, BIG_HEIGHT, BIG_WIDTH, 250, 1.0))
    return as_grey(np.asarray(big, dtype=np.float32))


def _fan(rng: np.random.Generator) -> Picture:
    """Grooves around a centre shine where they lie across the light: two wings, each with a few ragged rays."""
    y, x = np.mgrid[0:BIG_HEIGHT, 0:BIG_WIDTH].astype(np.float32)
    y -= np.float32(BIG_HEIGHT / 2)
    x -= np.float32(BIG_WIDTH / 2)
    angle = np.arctan2(y, x)
    lean = float(rng.uniform(-0.9, 0.9))
    wings = np.exp(-((np.sin(angle - lean) / rng.uniform(0.28, 0.5)) ** 2))
    other = 0.45 * np.exp(-((np.sin(angle - lean - 1.3) / 0.16) ** 2))
    # Rays are periodic in the angle: sums of whole harmonics, so that no seam shows at ±180°.
    rays = sum(rng.normal(0, 1) / np.sqrt(n) * np.cos(n * angle + rng.uniform(0, 6.28)) for n in range(9, 40, 3))
    # None in the bore: one looks through it into the dark.
    face = np.clip((np.hypot(x, y) - 118) / 20, 0, 1)
    return as_grey(np.asarray(78 * face * (wings + other) * (1 + 0.06 * rays), dtype=np.float32))


def _background(rng: np.random.Generator) -> Picture:
    """The fixture: black-anodised, out of focus, with a rail or two and the dull spots of locating pins."""
    field = 17 + 2.0 * clouds(rng, (BIG_HEIGHT, BIG_WIDTH), 160) + 1.5 * clouds(rng, (BIG_HEIGHT, BIG_WIDTH), 20, 4)
    soft = np.zeros((BIG_HEIGHT, BIG_WIDTH), np.float32)
    for _ in range(2):
        at = int(rng.integers(0, BIG_WIDTH))
        cv2.rectangle(soft, (at, 0), (at + int(rng.integers(40, 140)), BIG_HEIGHT), float(rng.uniform(5, 14)), -1)
        row = int(rng.choice((rng.integers(0, 150), rng.integers(BIG_HEIGHT - 150, BIG_HEIGHT))))
        cv2.line(soft, (0, row), (BIG_WIDTH, row), float(rng.uniform(10, 22)), 9)
    for _ in range(9):
        at_x, at_y = int(rng.integers(0, BIG_WIDTH)), int(rng.integers(0, BIG_HEIGHT))
        cv2.circle(soft, (at_x, at_y), 17, 4.0, -1)
        cv2.circle(soft, (at_x - 4, at_y - 5), 7, float(rng.uniform(20, 45)), -1)
    return as_grey(np.asarray(field + cv2.GaussianBlur(soft, (0, 0), 4.5), dtype=np.float32))
