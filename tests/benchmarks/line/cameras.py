"""Camera to verdict over real protocols, and the bare grab loop of the same library with the same model beside it.

`python -m tests.benchmarks.line.cameras ours|bare KIND URI SECONDS` prints one JSON line.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import events
from engine.backends.load import load_model
from engine.domain.inspection import Outcome, Pixels, Value
from engine.domain.recipe import CameraSetup, Guard
from engine.packages.package import open_package
from engine.recipes.file import default_recipe
from engine.sources.catalogue import open_source
from engine.sources.genicam.gige import widen
from engine.station.loop import Station
from engine.station.recorder import Unrecorded
from engine.system.places import demo_package
from tests.peers.cycles import Cycles, run_cycles, steady
from tests.peers.gige import FakeGigE
from tests.peers.mjpeg import MjpegServer
from tests.peers.rtsp import RtspServer

FPS = 30
MODEL = "demo-classifier"
OPEN_S = 20.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One source to measure: settings, and the bare grab loop of its library."""

    settings: dict[str, Value]
    grab: Callable[[str], Iterator[Pixels]]


def grab_gige(uri: str) -> Iterator[Pixels]:
    """Aravis: pop, view, push."""
    import gi

    gi.require_version("Aravis", "0.8")
    from gi.repository import Aravis

    Aravis.update_device_list()
    wanted = uri.partition(":")[2]
    found = next(i for i in range(Aravis.get_n_devices()) if Aravis.get_device_serial_nbr(i) == wanted)
    camera = Aravis.Camera.new(Aravis.get_device_id(found))
    camera.gv_set_stream_options(Aravis.GvStreamOption.PACKET_SOCKET_DISABLED)
    camera.set_region(0, 0, 1920, 1080)
    camera.set_frame_rate(FPS)
    camera.gv_set_packet_size(16384)
    stream = camera.create_stream(None, None)
    # With the system's own receive buffer the bare loop gets one whole picture in five seconds.
    widen(stream.get_port(), 4 << 20)
    for _ in range(8):
        stream.push_buffer(Aravis.Buffer.new_allocate(camera.get_payload()))
    camera.start_acquisition()
    while True:
        buffer = stream.timeout_pop_buffer(1_000_000)
        if buffer is None:
            continue
        if buffer.get_status() == Aravis.BufferStatus.SUCCESS:
            yield np.frombuffer(buffer.get_data(), np.uint8).reshape(1080, 1920)
        stream.push_buffer(buffer)


def grab_genicam(uri: str) -> Iterator[Pixels]:
    """harvesters: fetch, copy, queue."""
    from harvesters.core import Harvester

    harvester = Harvester()
    for name in os.environ["GENICAM_GENTL64_PATH"].split(os.pathsep):
        for path in Path(name).glob("*.cti"):
            harvester.add_file(str(path))
    harvester.update()
    camera = harvester.create({"serial_number": uri.partition(":")[2]})
    camera.remote_device.node_map.PixelFormat.value = "Mono8"
    camera.start()
    while True:
        with camera.fetch(timeout=3.0) as buffer:
            part = buffer.payload.components[0]
            yield part.data.reshape(part.height, part.width).copy()


def grab_basler(uri: str) -> Iterator[Pixels]:
    """pylon: RetrieveResult, Array."""
    from pypylon import pylon

    info = pylon.DeviceInfo()
    info.SetSerialNumber(uri.partition(":")[2])
    camera = pylon.InstantCamera(pylon.TlFactory.GetInstance().CreateFirstDevice(info))
    camera.Open()
    camera.AcquisitionFrameRateEnable.Value = True
    camera.AcquisitionFrameRateAbs.Value = FPS
    camera.StartGrabbing(pylon.GrabStrategy_OneByOne)
    while True:
        with camera.RetrieveResult(3000) as result:
            if result.GrabSucceeded():
                yield result.Array


def grab_stream(uri: str) -> Iterator[Pixels]:
    """OpenCV's FFmpeg: read."""
    import cv2

    capture = cv2.VideoCapture(uri, cv2.CAP_FFMPEG)
    while True:
        done, pixels = capture.read()
        if done:
            yield np.asarray(pixels, np.uint8)


KINDS = {
    "gige": Kind({"width": 1920, "height": 1080, "frame_rate": float(FPS)}, grab_gige),
    "genicam": Kind({"pixel_format": "Mono8"}, grab_genicam),
    "basler": Kind({"frame_rate": float(FPS)}, grab_basler),
    "rtsp": Kind({}, grab_stream),
    "mjpeg": Kind({}, grab_stream),
}


def ours(kind: str, uri: str, seconds: float) -> dict[str, float]:
    """The station on this source, nothing recorded, no window."""
    package = open_package(demo_package(MODEL))
    recipe = default_recipe(package)
    # Their pictures are no metal: the guard would refuse them.
    recipe = replace(recipe, camera=CameraSetup(tuple(KINDS[kind].settings.items())), guard=Guard())
    took: list[float] = []
    none = 0
    begun = ended = 0.0

    def hear(event: events.StationEvent) -> None:
        nonlocal none, begun, ended
        if isinstance(event, events.Inspected):
            ended = time.monotonic()
            begun = begun or ended
            none += event.inspection.verdict.outcome is Outcome.NO_VERDICT
            took.append(event.inspection.times.total_ms)
        elif isinstance(event, events.Failed):
            raise SystemExit(f"{event.message} {event.remedy}")

    line = Station(open_source(uri), load_model(package), recipe, record=Unrecorded(), publish=hear)
    with line:
        until = time.monotonic() + OPEN_S
        while not begun and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(seconds)
        skipped = line.source.skipped
    return _figures(took, ended - begun, {"skipped": skipped, "no_verdict": none})


def bare(kind: str, uri: str, seconds: float) -> dict[str, float]:
    """The library's grab loop, the model called in it."""
    package = open_package(demo_package(MODEL))
    model, recipe = load_model(package), default_recipe(package)
    took: list[float] = []
    begun = now = 0.0
    for pixels in KINDS[kind].grab(uri):
        came = time.monotonic()
        begun = begun or came
        model.run(pixels, recipe.view)
        now = time.monotonic()
        took.append((now - came) * 1000)
        if now - begun > seconds:
            break
    return _figures(took, now - begun, {})


def _figures(took: list[float], seconds: float, more: dict[str, float]) -> dict[str, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "rate": (len(took) - 1) / max(seconds, 1e-6),
        "p50_ms": float(np.median(took)),
        "p99_ms": float(np.percentile(took, 99)),
        "cpu": sum(u.ru_utime + u.ru_stime for u in used) / max(seconds, 1e-6),
        **more,
    }


def _run(way: str, kind: str, uri: str, seconds: float, environ: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.line.cameras", way, kind, uri, str(seconds)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 90, check=False, env=os.environ | environ
    )
    if done.returncode and not done.stdout.strip():
        raise SystemExit(f"{kind} {way}: {done.stderr[-500:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def report(seconds: float) -> None:
    """The table: each source, ours and bare, one after the other."""
    import genicam

    print(f"Camera to verdict ({MODEL}, {seconds:.0f} s each): the station / its library's grab loop, the model in it")
    print(f"  {'source':<34}{'frames/s':>16}{'p50 ms':>16}{'p99 ms':>16}{'CPU cores':>14}{'not judged':>12}")
    simulator = {"GENICAM_GENTL64_PATH": str(Path(genicam.__file__).parent)}
    peers: tuple[tuple[str, str, Callable[[], Any] | None, dict[str, str]], ...] = (
        ("Aravis, GigE 1920×1080 at 30", "gige", lambda: FakeGigE(serial="BENCH"), {}),
        ("harvesters, its simulator", "genicam", None, simulator),
        ("pylon emulator 30", "basler", None, {"PYLON_CAMEMU": "1"}),
        ("RTSP, H.264 at 20", "rtsp", RtspServer, {}),
        ("HTTP, MJPEG at 20", "mjpeg", MjpegServer, {}),
    )
    for name, kind, peer, environ in peers:
        with ExitStack() as stack:
            server = stack.enter_context(peer()) if peer is not None else None
            uri = {"gige": "gige:BENCH", "genicam": "genicam:0", "basler": "basler:0815-0000"}.get(kind, "")
            uri = uri or str(server.uri)
            mine, theirs = (_run(way, kind, uri, seconds, environ) for way in ("ours", "bare"))
        cells = "".join(
            f"{mine[key]:9.2f} /{theirs[key]:6.2f}"[-width:].rjust(width)
            for key, width in (("rate", 16), ("p50_ms", 16), ("p99_ms", 16), ("cpu", 16))
        )
        print(f"  {name:<34}{cells}{mine['no_verdict']:10.0f}   {mine['rate'] / theirs['rate']:.2f}×", flush=True)


def report_losses(seconds: float, count: int) -> None:
    """The long proofs on the fake GigE Vision camera."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"GigE Vision 1920×1080 at 30 for {seconds:.0f} s: {steady(seconds, Path(folder))}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        _tell(run_cycles(count, Path(folder)))
    command = [sys.executable, "-m", "tests.benchmarks.window.camera", "40"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    said = done.stdout.splitlines()[-1] if done.stdout else done.stderr[-500:]
    print("The window, one loss in 40 s:", said)


def _tell(found: Cycles) -> None:
    lost, back = [c.lost_s for c in found.cycles], [c.back_s for c in found.cycles]
    print(f"Killed and brought back {len(found.cycles)} times")
    print(f"  lost after {np.median(lost):.2f} s (worst {max(lost):.2f})")
    print(f"  back {np.median(back):.2f} s after its return (worst {max(back):.2f})")
    first, last = found.cycles[0], found.cycles[-1]
    for name in ("threads", "files", "children", "segments"):
        print(f"  {name}: {getattr(first, name)} after the first, {getattr(last, name)} after the last")
    megabytes = [cycle.memory / 1e6 for cycle in (first, found.cycles[len(found.cycles) // 2], last)]
    print("  resident: " + ", ".join(f"{value:.1f}" for value in megabytes) + " MB after the first, middle, last")
    outcomes = Counter(str(row.verdict.outcome) for row in found.rows)
    print(f"  inspections on record {dict(outcomes)}; the window waited {found.slowest_s * 1000:.1f} ms at most")


if __name__ == "__main__":
    way, kind, uri, seconds = sys.argv[1:]
    print(json.dumps((ours if way == "ours" else bare)(kind, uri, float(seconds))), flush=True)
    os._exit(0)
