"""From raw outputs to one prediction of the frame: tiles joined, regions in frame pixels, nothing bad swallowed."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backends.load import load_model
from engine.backends.openvino import OpenVinoModel
from engine.backends.outputs import Raw, assemble
from engine.domain.inspection import Outcome, Prediction
from engine.domain.recipe import Limits, Recipe, Tiles, View
from engine.packages.manifest import ClassSpec, Manifest, MapSpec
from engine.packages.package import ModelPackage
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.look import look
from engine.station.loop import Station
from engine.station.recorder import Unrecorded
from engine.verdicts.verdict import decide
from tests.frames import ListSource, frame, part
from tests.golden import PART, golden, moved, reference, way
from tests.packages import write_tiny_package

FRAME = np.zeros((128, 160), np.uint8)
TILES = View(tiles=Tiles(64, 80, 0.0))
RECIPE = Recipe("r", 1, ("ok",), Limits())


def package(kind: str = "mask", **changes: Any) -> ModelPackage:
    """Three classes, input 64×80 grey, no graph."""
    values: dict[str, Any] = {
        "schema": 2,
        "name": "three",
        "kind": "segdec",
        "architecture": "tiny",
        "classes": [ClassSpec(name="ok", role="ok"), ClassSpec(name="pit"), ClassSpec(name="crack")],
        "input": InputSpec(height=64, width=80, channels=1),
        "map": MapSpec.model_validate({"kind": kind}),
    }
    return ModelPackage(Path(), Manifest.model_validate(values | changes), "0" * 12)


def raw(scores: tuple[float, ...], map: NDArray[np.float32] | None = None, novelty: float | None = None) -> Raw:
    return Raw(np.array(scores, np.float32), map, novelty)


def spot(rows: slice, columns: slice, value: float = 0.9) -> NDArray[np.float32]:
    heat = np.zeros((1, 16, 20), np.float32)
    heat[0, rows, columns] = value
    return heat


def judged(raws: list[Raw], view: View = TILES, of: ModelPackage | None = None, pixels: Any = FRAME) -> Prediction:
    chosen = of or package()
    return assemble(raws, look(pixels, chosen.manifest.input, view), chosen)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> OpenVinoModel:
    loaded = load_model(write_tiny_package(tmp_path_factory.mktemp("package") / "tiny"))
    assert isinstance(loaded, OpenVinoModel)
    return loaded


def test_picture_is_as_bad_as_its_worst_tile_and_each_class_keeps_its_evidence() -> None:
    quiet = raw((0.9, 0.05, 0.05))
    found = judged([quiet, raw((0.2, 0.7, 0.1)), raw((0.4, 0.0, 0.6)), quiet], of=package("none"))
    assert found.scores.values == pytest.approx((0.2, 0.7, 0.6))
    assert not found.scores.exclusive
    assert judged([quiet], View(), package("none")).scores.exclusive


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("kind", ["none", "cam", "mask"])
def test_score_of_one_tile_that_is_no_number_reaches_the_verdict(bad: float, kind: str) -> None:
    maps = {"none": None, "cam": np.ones((3, 4, 5), np.float32), "mask": spot(slice(3, 5), slice(3, 5))}[kind]
    good = raw((0.9, 0.05, 0.05), maps)
    for scores in ((bad, 0.0, 0.0), (0.5, bad, 0.0), (bad, bad, bad)):
        found = judged([good, raw(scores, maps), good, good], of=package(kind))
        assert not all(math.isfinite(v) for v in found.scores.values)
        assert decide(found, RECIPE).outcome is Outcome.NO_VERDICT


def test_map_or_novelty_that_is_no_number_must_not_be_judged() -> None:
    holed = spot(slice(0, 2), slice(0, 2))
    holed[0, 5, 5] = math.nan
    found = judged([raw((0.9, 0.05, 0.05), holed)], View())
    assert "map" in found.doubt
    assert decide(found, RECIPE).outcome is Outcome.NO_VERDICT
    novel = judged([raw((0.9, 0.05, 0.05), None, math.nan)] + [raw((0.9, 0.05, 0.05), None, 0.2)] * 3)
    assert "novelty" in novel.doubt


def test_novelty_is_that_of_the_strangest_tile() -> None:
    found = judged([raw((0.9, 0.05, 0.05), None, n) for n in (0.1, 1.7, 0.3, 0.2)], of=package("none"))
    assert found.novelty == pytest.approx(1.7)


def test_defect_across_four_tiles_is_one_region_and_the_heat_map_covers_the_frame() -> None:
    corner = [
        spot(slice(13, 16), slice(16, 20)),
        spot(slice(13, 16), slice(0, 4)),
        spot(slice(0, 3), slice(16, 20)),
        spot(slice(0, 3), slice(0, 4)),
    ]
    found = judged([raw((0.1, 0.9, 0.0), each) for each in corner])
    (region,) = found.regions
    x, y, width, height = region.box
    assert (x, y, x + width, y + height) == pytest.approx((64, 52, 96, 76), abs=3)
    assert region.area_px == pytest.approx(32 * 24, rel=0.15)
    assert found.heat is not None
    assert found.heat.shape == (128, 160)
    assert found.heat[64, 80] == pytest.approx(0.9)
    assert found.heat[20, 20] == 0.0


def test_region_is_of_the_class_of_the_tile_it_peaks_in() -> None:
    here = spot(slice(4, 8), slice(4, 8))
    nothing = spot(slice(0), slice(0))
    pit, crack, sound = (0.1, 0.9, 0.0), (0.3, 0.0, 0.7), (0.98, 0.01, 0.01)
    found = judged([raw(pit, here), raw(sound, nothing), raw(sound, nothing), raw(crack, here)])
    assert {(r.label, r.box[0] > 80) for r in found.regions} == {("pit", False), ("crack", True)}


def test_tiles_of_a_class_activation_map_are_shown_by_their_own_score() -> None:
    cams = np.zeros((3, 4, 5), np.float32)
    cams[1, 1:3, 1:3] = 7.0
    quiet = raw((0.9, 0.1, 0.0), cams)
    found = judged([quiet, quiet, quiet, raw((0.2, 0.8, 0.0), cams)], of=package("cam"))
    assert found.heat is not None
    assert found.heat[64:, 80:].max() == pytest.approx(0.8, abs=0.05)
    assert found.heat[:64, :80].max() == pytest.approx(0.1, abs=0.01)
    assert found.regions == ()


def test_nothing_outside_the_polygon_becomes_a_region_or_heat() -> None:
    everywhere = [raw((0.1, 0.9, 0.0), spot(slice(0, 16), slice(0, 20)))] * 4
    polygon = ((30, 20), (120, 20), (120, 100), (30, 100))
    for view in (View(polygon=polygon), View(polygon=polygon, tiles=Tiles(64, 80, 0.0))):
        count = len(look(FRAME, package().manifest.input, view).inputs)
        found = judged(everywhere[:count], view)
        (region,) = found.regions
        assert region.area_px == pytest.approx(90 * 80, rel=0.06)
        assert found.heat is not None
        assert found.heat.shape[1] / found.heat.shape[0] == pytest.approx(160 / 128, rel=0.02)
        outside = np.ones(found.heat.shape, bool)
        rows, columns = outside.shape
        outside[rows * 19 // 128 : rows * 102 // 128, columns * 29 // 160 : columns * 122 // 160] = False
        assert found.heat[outside].max() == 0.0


def test_heat_map_of_tiles_covers_the_region_of_interest_and_keeps_small_defects() -> None:
    large = np.zeros((2000, 3000), np.uint8)
    view = View(roi=(500, 0, 2000, 2000), tiles=Tiles(500, 500, 0.0))
    tiny = spot(slice(8, 9), slice(8, 9))
    raws = [raw((0.9, 0.05, 0.05), spot(slice(0), slice(0)))] * 15 + [raw((0.1, 0.9, 0.0), tiny)]
    found = judged(raws, view, pixels=large)
    assert found.heat is not None
    assert found.heat.shape[0] == pytest.approx(found.heat.shape[1], rel=0.3)
    assert max(found.heat.shape) <= 512
    assert found.heat.max() > 0.6
    assert found.regions[0].box[0] == pytest.approx(500 + 1500 + 8.5 * 25, abs=30)


def test_region_with_a_hole_has_the_area_that_is_over_the_threshold() -> None:
    ring = spot(slice(2, 14), slice(4, 16))
    ring[0, 5:11, 7:13] = 0.0
    found = judged([raw((0.1, 0.9, 0.0), ring)], View())
    assert found.regions[0].area_px == pytest.approx((12 * 12 - 6 * 6) * 8 * 8, rel=0.1)


def test_regions_stay_within_the_frame_under_letterbox() -> None:
    letterbox = package(input=InputSpec(height=64, width=80, channels=1, resize="letterbox"))
    found = judged(
        [raw((0.1, 0.9, 0.0), spot(slice(0, 16), slice(0, 20)))], View(), letterbox, np.zeros((300, 100), np.uint8)
    )
    (region,) = found.regions
    assert region.box == pytest.approx((0, 0, 100, 300), abs=3)
    assert region.area_px == pytest.approx(30_000, rel=0.03)


def test_hundreds_of_specks_give_the_largest_ones_only() -> None:
    chess = np.zeros((1, 64, 80), np.float32)
    chess[0, ::2, ::2] = 1.0
    chess[0, 40:50, 40:50] = 1.0
    found = judged([raw((0.1, 0.9, 0.0), chess)], View(), pixels=np.zeros((64, 80), np.uint8))
    assert len(found.regions) == 200
    assert found.regions[0].area_px >= 100


def test_model_finds_a_small_defect_across_two_tiles_as_one_region(model: OpenVinoModel) -> None:
    pixels = part(0, 512, 640)
    pixels[250:262, 296:352] = 255
    whole = model.run(pixels)
    assert whole.scores.of("defect") < 0.5, "too small to be seen in the whole frame"
    tiled = model.run(pixels, View(tiles=Tiles(128, 160, 0.1)))
    (region,) = tiled.regions
    x, y, width, height = region.box
    assert (x, y, x + width, y + height) == pytest.approx((296, 250, 352, 262), abs=6)
    assert tiled.scores.of("defect") > 0.7
    assert region.area_px * 0.05**2 == pytest.approx(56 * 12 * 0.05**2, rel=0.35), "in mm² at 0.05 mm a pixel"
    streamed = list(model.stream(iter([pixels, pixels]), View(tiles=Tiles(128, 160, 0.1))))
    assert [p.regions for p in streamed] == [tiled.regions] * 2


@pytest.mark.parametrize("tiles", [None, Tiles(64, 80, 0.2)])
def test_defect_of_a_turned_part_lies_in_frame_pixels(model: OpenVinoModel, tiles: Tiles | None) -> None:
    picture = golden()
    picture[168:188, 150:174] = 255
    angle, shift = 9.0, (24.0, -18.0)
    found = model.run(moved(picture, angle, shift), View(roi=PART, reference=reference(), tiles=tiles))
    (region,) = found.regions
    corners = np.array([(150, 168), (174, 168), (174, 188), (150, 188)], np.float64)
    true = corners @ way(angle, shift)[:, :2].T + way(angle, shift)[:, 2]
    x, y, width, height = region.box
    assert (x, y, x + width, y + height) == pytest.approx((*true.min(axis=0), *true.max(axis=0)), abs=5)
    assert region.area_px == pytest.approx(24 * 20, rel=0.4)
    assert found.heat is not None
    rows, columns = found.heat.shape
    assert columns / rows == pytest.approx(400 / 300, rel=0.01), "the heat map covers the frame"
    peak = np.array(np.unravel_index(int(found.heat.argmax()), found.heat.shape)) * 300 / rows
    assert np.abs(peak - true.mean(axis=0)[::-1]).max() < 12


def test_frames_without_the_part_get_no_verdict_and_the_line_goes_on(model: OpenVinoModel) -> None:
    view = View(reference=reference())
    black, good = np.zeros((300, 400), np.uint8), moved(golden(), 3.0, (5.0, 5.0))
    found = list(model.stream(iter([good, black, good]), view))
    assert [p.doubt for p in found] == ["", "the part was not found (match 0.00 < 0.60)", ""]
    assert found[1].scores.values == ()
    recipe = Recipe("r", 1, ("ok",), Limits(), view=view)
    said: list[Any] = []
    frames = [*[black] * 25, good]
    loaded = load_model(model._package)
    Station(ListSource(frames), loaded, recipe, record=Unrecorded(), publish=said.append).run()
    verdicts = [e.inspection.verdict for e in said if hasattr(e, "inspection")]
    assert [v.outcome for v in verdicts] == [Outcome.NO_VERDICT] * 25 + [verdicts[-1].outcome]
    assert verdicts[0].reasons == ("the part was not found (match 0.00 < 0.60)",)
    assert verdicts[-1].outcome is not Outcome.NO_VERDICT


def test_station_reads_a_camera_s_pixels_by_the_depth_it_states(model: OpenVinoModel) -> None:
    deep = np.full((64, 80), 200, np.uint16)
    said: list[Any] = []
    frames = [replace(frame(deep), bits=bits) for bits in (12, 0)]
    recipe = Recipe("r", 1, ("ok",), Limits())
    loaded = load_model(model._package)
    Station(ListSource(frames), loaded, recipe, record=Unrecorded(), publish=said.append).run()
    outcomes = [e.inspection.verdict.outcome for e in said if hasattr(e, "inspection")]
    assert outcomes == [Outcome.OK, Outcome.NG], "200 of 4,095 is dark; of 255 it is bright"
