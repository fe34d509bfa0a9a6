"""The part maker: part `index` of a seed, the same pixels whenever it is made, with its known truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Truth
from engine.errors import UsageError
from engine.sources.demo.bank import LIGHT_ONE, NOISE_ZERO, Bank, Shelf, bank
from engine.sources.demo.defects import ALL_KINDS, KINDS, draw
from engine.sources.demo.harmless import dust, serial_number, water_mark
from engine.sources.demo.noise import Picture, generator
from engine.sources.demo.shapes import CANVAS_HEIGHT, CANVAS_WIDTH, HEIGHT, MIDDLE, WIDTH, Shape
from engine.sources.demo.stamp import Stamp, press, trace
from engine.sources.demo.surfaces import SURFACES, Surface

OK = "ok"
DEFECT_RATE = 0.12
_SCENE, _DEFECT = 10, 11
_TURN = {"brushed": 0.044, "rolled": 0.012, "turned": 0.17, "milled": 0.044}
"""How far a part of each surface lies turned at most, radians."""
_TRIES = 12
_ENOUGH = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class DemoPart:
    """One part before the camera: 1024×1280 uint8 grey, what it is made of, and its truth (mask None when ok)."""

    pixels: Picture
    surface: Surface
    truth: Truth


@dataclass(frozen=True, slots=True)
class _Pose:
    """Where the part lies: turned by `angle` radians, its middle at x, y in the picture."""

    angle: float
    x: float
    y: float

    def place(self, at: tuple[float, float]) -> tuple[float, float]:
        """A point given from the part's middle, in the picture."""
        cos, sin = float(np.cos(self.angle)), float(np.sin(self.angle))
        return self.x + cos * at[0] - sin * at[1], self.y + sin * at[0] + cos * at[1]

    def matrix(self) -> NDArray[np.float64]:
        """Canvas to picture, 2×3."""
        cos, sin = float(np.cos(self.angle)), float(np.sin(self.angle))
        x, y = self.place((-MIDDLE[0], -MIDDLE[1]))
        return np.array(((cos, -sin, x), (sin, cos, y)))


class PartMaker:
    """Makes parts from a seed. `part(i)` depends on seed, i, kinds and defect rate, and on nothing made before.

    The scene (surface, light, position, harmless marks) depends on seed and i alone, so the same part is seen with
    and without defects when the rate or the kinds change.
    """

    def __init__(self, seed: int, *, kinds: tuple[str, ...] = KINDS, defect_rate: float = DEFECT_RATE) -> None:
        unknown = [kind for kind in kinds if kind not in ALL_KINDS]
        if unknown or (not kinds and defect_rate > 0):
            raise UsageError(
                f"The demo line knows no defect kind {unknown or ''}.", f"Use some of {', '.join(ALL_KINDS)}."
            )
        if seed < 0 or not 0 <= defect_rate <= 1:
            raise UsageError("The demo line's seed or defect_rate is out of range.", "Seed from 0, rate in 0…1.")
        self.seed = seed
        self.kinds = tuple(kinds)
        self.defect_rate = defect_rate

    def prepare(self) -> Iterator[None]:
        """Make what the parts are laid of now (a second or two), a step at a time, instead of with the first of them
        that needs it."""
        return bank(self.seed).fill()

    def label(self, index: int) -> str:
        """The truth's label of part `index` without making the part: `ok` or a defect kind."""
        return self._chance(generator(self.seed, index, _DEFECT))

    def part(self, index: int) -> DemoPart:
        """Part `index` (from 0)."""
        rng = generator(self.seed, index, _SCENE)
        surface = SURFACES[int(rng.integers(len(SURFACES)))]
        pose = _pose(rng, surface)
        metal = self._lay(rng, surface, pose)
        _weather(rng, metal, bank(self.seed).shape(surface).number, pose)
        truth = self._harm(index, metal, surface, pose)
        pixels = self._expose(rng, metal, surface, pose)
        return DemoPart(pixels, surface, truth)

    def _chance(self, rng: np.random.Generator) -> str:
        bad, kind = rng.random(2)
        return self.kinds[int(kind * len(self.kinds))] if bad < self.defect_rate else OK

    def _lay(self, rng: np.random.Generator, surface: Surface, pose: _Pose) -> Picture:
        """The bare part in its fixture and in its place, evenly lit."""
        store = bank(self.seed)
        form = store.shape(surface)
        canvas = _mixed(rng, store.textures[surface])
        cv2.add(canvas, form.bright, dst=canvas)
        cv2.subtract(canvas, form.dark, dst=canvas)
        around = _cut(rng, store.backgrounds[int(rng.integers(len(store.backgrounds)))], CANVAS_HEIGHT, CANVAS_WIDTH)
        cv2.copyTo(around, form.past, canvas)
        # Part and fixture are turned together: the interpolation then gives the part a soft edge at no cost.
        metal = cv2.warpAffine(canvas, pose.matrix(), (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(metal, np.uint8)

    def _harm(self, index: int, metal: Picture, surface: Surface, pose: _Pose) -> Truth:
        """Press the defect into the face, in place; the truth holds the mask of what lies on the face."""
        rng = generator(self.seed, index, _DEFECT)
        label = self._chance(rng)
        if label == OK:
            return Truth(OK)
        form = bank(self.seed).shape(surface)
        face = cv2.warpAffine(form.face, pose.matrix(), (WIDTH, HEIGHT), flags=cv2.INTER_NEAREST)
        stamp, angle = draw(label, rng, pose.angle)
        at, mask = _placed(rng, stamp, angle, form, pose, np.asarray(face, np.uint8))
        harmed = metal.copy()
        press(harmed, stamp, at, angle)
        cv2.copyTo(harmed, face, metal)
        return Truth(label, mask)

    def _expose(self, rng: np.random.Generator, metal: Picture, surface: Surface, pose: _Pose) -> Picture:
        """Uneven light, reflection, and the sensor's noise."""
        store = bank(self.seed)
        light = _cut(rng, store.lights[int(rng.integers(len(store.lights)))])
        glare, amount = _glare(rng, store, surface, pose)
        exposure = float(rng.uniform(0.86, 1.12)) * (0.94 if surface == "turned" else 1.0)
        field = cv2.addWeighted(light, exposure, glare, amount, 0.0)
        picture = cv2.multiply(metal, field, scale=1 / LIGHT_ONE)
        grain = float(rng.uniform(0.3, 0.7))
        noisy = cv2.addWeighted(picture, 1.0, _cut(rng, store.noise), grain, -grain * NOISE_ZERO)
        return np.asarray(noisy, np.uint8)


def _placed(
    rng: np.random.Generator, stamp: Stamp, angle: float, form: Shape, pose: _Pose, face: Picture
) -> tuple[tuple[float, float], Picture]:
    """The first of a few random places where nearly all of the stamp lies on the face, or the best of them.

    Gives the place in the picture and the mask of what lies on the face there.
    """
    whole = cv2.countNonZero(stamp.cover)
    best, found = -1, ((0.0, 0.0), face)
    for _ in range(_TRIES):
        x, y = form.places[int(rng.integers(len(form.places)))]
        at = pose.place((x - MIDDLE[0], y - MIDDLE[1]))
        mask = np.asarray(cv2.bitwise_and(trace(stamp, at, angle, HEIGHT, WIDTH), face), np.uint8)
        seen = cv2.countNonZero(mask)
        if seen > best:
            best, found = seen, (at, mask)
        if seen >= _ENOUGH * whole:
            break
    return found


def _glare(rng: np.random.Generator, store: Bank, surface: Surface, pose: _Pose) -> tuple[Picture, float]:
    """The lamp's reflection as this surface throws it back, and how much of it."""
    if surface == "turned":
        fan = store.fans[int(rng.integers(len(store.fans)))]
        top, left = round(fan.shape[0] / 2 - pose.y), round(fan.shape[1] / 2 - pose.x)
        return fan[top : top + HEIGHT, left : left + WIDTH], float(rng.uniform(0.5, 1.1))
    kept = store.glares[surface]
    return _cut(rng, kept[int(rng.integers(len(kept)))]), float(rng.uniform(0.0, 0.75))


def _pose(rng: np.random.Generator, surface: Surface) -> _Pose:
    angle = float(rng.uniform(-1, 1)) * _TURN[surface]
    return _Pose(angle, WIDTH / 2 + float(rng.uniform(-28, 28)), HEIGHT / 2 + float(rng.uniform(-22, 22)))


def _cut(rng: np.random.Generator, big: Picture, height: int = HEIGHT, width: int = WIDTH) -> Picture:
    """A window of that size from anywhere in a larger picture; a view."""
    top = int(rng.integers(big.shape[0] - height + 1))
    left = int(rng.integers(big.shape[1] - width + 1))
    return big[top : top + height, left : left + width]


def _mixed(rng: np.random.Generator, textures: Shelf[Picture]) -> Picture:
    """Two canvas-sized cuts, mirrored at random, laid over each other: no two parts repeat a place."""
    first, second = (_texture(rng, textures[int(n)]) for n in rng.choice(len(textures), 2, replace=False))
    share = float(rng.uniform(0.55, 1.0))
    # Two independent textures average out; the sum of shares over one keeps the contrast of a single one.
    boost = 1 / np.hypot(share, 1 - share)
    return np.asarray(cv2.addWeighted(first, share * boost, second, (1 - share) * boost, 128 * (1 - boost)), np.uint8)


def _texture(rng: np.random.Generator, big: Picture) -> Picture:
    cut = _cut(rng, big, CANVAS_HEIGHT, CANVAS_WIDTH)
    return np.asarray(cv2.flip(cut, int(rng.integers(-1, 2))), np.uint8)


def _weather(rng: np.random.Generator, metal: Picture, number: tuple[int, int] | None, pose: _Pose) -> None:
    """Serial number, dried water, dust: on sound and bad parts alike, in place."""
    if number is not None and rng.random() < 0.6:
        x, y = number
        at = pose.place((x + float(rng.uniform(-12, 12)), y + float(rng.uniform(-8, 8))))
        press(metal, serial_number(rng), at, pose.angle + float(rng.normal(0, 0.01)))
    for _ in range(int(rng.choice((0, 0, 0, 1, 1, 2)))):
        at = pose.place((float(rng.uniform(-480, 480)), float(rng.uniform(-340, 340))))
        press(metal, water_mark(rng), at, float(rng.uniform(0, 6.28)))
    dust(rng, metal)
