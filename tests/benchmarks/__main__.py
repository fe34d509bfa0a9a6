"""`make bench [ONLY=live,casting,…]`: ratios measured side by side in one run; needs the trainer's extras.

Sections on the real data are left out, by name, where LINESIDE_DATA names no folder with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

from engine.domain.inspection import Pixels
from engine.images.listing import list_pictures
from engine.images.pictures import read_picture
from engine.packages.package import ModelPackage, open_package
from engine.sources.demo import PartMaker
from engine.system.memory import keep_freed_memory
from engine.system.places import demo_package
from tests.benchmarks.judging import agreement, cam, casting, inference, models, segdec, training
from tests.benchmarks.line import cameras, decoding, latency
from tests.benchmarks.window import line_first, review, scan_live, start
from tests.benchmarks.window import pages as window
from trainer.evaluation.evaluate import part_of
from trainer.formats.detect import open_dataset

SECONDS = float(os.environ.get("LINESIDE_BENCH_SECONDS", "120"))
PLAIN_SECONDS = min(30.0, SECONDS)
LATENCY_SECONDS = 20.0
WINDOW_SECONDS = 60.0
REVIEW_ROWS = 1_000_000
CAMERA_SECONDS, STEADY_SECONDS, LOSSES = 15.0, 60.0, 30
SCAN_SECONDS = FIRST_SECONDS = 60.0


def live(way: str, seconds: float) -> dict[str, float | str]:
    """One live run in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.window.live", way, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float | str] = json.loads(done.stdout.splitlines()[-1])
    return found


def show_inference() -> None:
    """The shipped models, from pixels to prediction."""
    print("Shipped models, pixels to prediction, pictures a second (ratio to plain torch of the same model)")
    base = 1.0
    for name, rate in inference.measure():
        base = rate if name.endswith("plain torch") else base
        print(f"  {name:<48}{rate:8.1f}{rate / base:8.2f}×")


def show_live() -> None:
    """The window beside a plain loop."""
    print(f"Demo line at 30 frames/s, window open: Lineside {SECONDS:.0f} s, plain torch loop {PLAIN_SECONDS:.0f} s")
    ours, plain = live("lineside", SECONDS), live("plain", PLAIN_SECONDS)
    print(f"  {'':<28}{'Lineside':>12}{'plain loop':>12}")
    for key in ours:
        if key != "way":
            print(f"  {key:<28}{float(ours[key]):12.1f}{float(plain[key]):12.1f}")
    rates = [float(run["inspected"]) / seconds for run, seconds in ((ours, SECONDS), (plain, PLAIN_SECONDS))]
    print(f"  {'frames inspected a second':<28}{rates[0]:12.1f}{rates[1]:12.1f}   {rates[0] / rates[1]:.2f}×")


def show_casting() -> None:
    """ResNet-18 on real castings."""
    data = models.data_folder()
    assert data is not None
    package = models.package_of(models.RESNET18, data)
    rows = dict(casting.measure(package, data / models.RESNET18.judged))
    loop, explained = rows["plain torch loop"], rows["plain torch + grad-cam loop"]
    print("ResNet-18 224×224 on casting/test, pictures a second (ratios to the plain loop, to it with grad-cam)")
    for name, rate in rows.items():
        print(f"  {name:<48}{rate:8.1f}{rate / loop:8.2f}×{rate / explained:8.2f}×")
    for precision in ("f32", "bf16", "int8"):
        ours = rows.get(f"Lineside, {precision}: verdict, overlay, stored")
        if ours is not None:
            alone = rows[f"OpenVINO's queue + decode alone, {precision}"]
            print(f"  Lineside reaches {ours / alone:.2f} of OpenVINO's queue + decode alone in {precision}")
    print("Class activation map as second output of that graph, milliseconds a picture (median)")
    for precision, without, with_map in cam.measure(package):
        print(f"  {precision:<8}without {without:7.2f}   with {with_map:7.2f}   {with_map / without - 1:+.1%}")


def show_segdec() -> None:
    """The seg-decision networks on KolektorSDD."""
    data = models.data_folder()
    assert data is not None
    packages = {"published": models.package_of(models.PUBLISHED, data), "fast": models.package_of(models.FAST, data)}
    folder = str(data / models.FAST.dataset)
    pictures: list[Pixels] = []
    print("Seg-decision 704×256 on the KolektorSDD hold-out")
    for name, package in packages.items():
        pictures, scores = segdec.hold_out(package, folder)
        print(f"  AP of the {name} network: fp32 {scores['f32']:.4f}, as the line computes it {scores['auto']:.4f}")
    rows = dict(segdec.measure(packages, pictures))
    base = rows["published, torch"]
    for name, milliseconds in rows.items():
        print(f"  {name:<32}{milliseconds:8.1f} ms a picture{base / milliseconds:8.1f}× the published one in torch")


def show_agreement() -> None:
    """Verdicts of every backend on every real data set."""
    print("Verdicts equal to OpenVINO fp32, and (escapes where fp32 says NG), by backend and precision")
    ways = [way for way in agreement.WAYS if way != "f32"]
    print(f"  {'model on pictures':<44}{'pictures':>9}" + "".join(f"{way:>14}" for way in ways))
    for name, package, pictures in _judged_sets():
        row = agreement.compare(name, package, pictures)
        cells = [_cell(row, way) for way in ways]
        print(f"  {row.name:<44}{row.pictures:>9}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


def show_training() -> None:
    """Epochs of training on real castings."""
    data = models.data_folder()
    assert data is not None
    training.report(data / "casting" / "train")


def _cell(row: agreement.Row, way: str) -> str:
    equal, escapes = row.equal[way], row.escapes[way]
    return "—" if equal is None else f"{equal / max(1, row.pictures):.2%} ({escapes})"


def _judged_sets() -> list[tuple[str, ModelPackage, list[Pixels]]]:
    found = []
    for name in ("demo-segdec", "demo-classifier"):
        parts = [PartMaker(seed, defect_rate=0.5).part(i).pixels for seed in (7, 42, 123) for i in range(100)]
        found.append((f"{name} on three unseen demo lines", open_package(demo_package(name)), parts))
    data = models.data_folder()
    for bench in models.EVERY if data is not None else ():
        assert data is not None
        package = models.package_of(bench, data)
        if bench.judged:
            pictures = [read_picture(path) for path in list_pictures(data / bench.judged)]
        else:
            dataset = open_dataset(str(models.dataset_of(bench, data)))
            pictures = [sample.load()[0] for sample in part_of(package, dataset, bench.part)]
        found.append((f"{bench.name} on {bench.judged or bench.dataset}", package, pictures))
    return found


SECTIONS: dict[str, tuple[Callable[[], None], bool]] = {
    "start": (start.report, False),
    "inference": (show_inference, False),
    "decoding": (decoding.report, False),
    "casting": (show_casting, True),
    "segdec": (show_segdec, True),
    "training": (show_training, True),
    "agreement": (show_agreement, False),
    "latency": (lambda: latency.report(LATENCY_SECONDS), False),
    "cameras": (lambda: cameras.report(CAMERA_SECONDS), False),
    "losses": (lambda: cameras.report_losses(STEADY_SECONDS, LOSSES), False),
    "live": (show_live, False),
    "review": (lambda: review.report(REVIEW_ROWS), False),
    "window": (lambda: window.report(WINDOW_SECONDS, REVIEW_ROWS), False),
    "line_first": (lambda: line_first.report(FIRST_SECONDS), False),
    "scan_live": (lambda: scan_live.report(SCAN_SECONDS), False),
}


def main() -> None:
    """Print the tables."""
    keep_freed_memory()
    asked = [name for name in os.environ.get("ONLY", "").split(",") if name] or list(SECTIONS)
    for name in asked:
        if name not in SECTIONS:
            raise SystemExit(f"There is no section {name!r}; choose from {', '.join(SECTIONS)}.")
        work, needs_data = SECTIONS[name]
        if needs_data and models.data_folder() is None:
            print(f"Left out: {name} needs the real data; name its folder with LINESIDE_DATA.")
            continue
        work()


if __name__ == "__main__":
    main()
