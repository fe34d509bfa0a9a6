"""INT8 with NNCF, and the gate it must pass: the verdicts of the quantised graph against those of the fp32 graph.

The reference is pinned to fp32 (left alone, OpenVINO takes bf16 where the CPU has it); the candidate runs as the line
runs it. At least 99.5 % of the outcomes must agree, on the validation part by itself and together with the training
pictures that calibration left over, and no part of a class marked critical may become OK that was not.
Where no class is marked critical, an escape added counts as one disagreement among the others: who holds an escape
for dangerous marks its class. A graph that fails is quantised again with the most harmful layers left in floating
point, within a time limit; one that fails again is not kept, and the manifest says why.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from engine.backends.core import core
from engine.backends.outputs import Raw, assemble
from engine.domain.inspection import Prediction, Severity, Verdict
from engine.judging.judge import by_recipe
from engine.packages.manifest import Int8Spec, Manifest
from engine.packages.package import GRAPH, INT8_GRAPH, IR_GRAPH, ModelPackage
from engine.preprocessing.look import look
from engine.recipes.file import default_recipe, without_review
from engine.statistics.mistakes import lets_through
from engine.statistics.shares import Share
from engine.system.threads import thread_budget
from trainer.packaging.guard import some

INT8_WEIGHTS, IR_WEIGHTS = "int8.bin", "model.bin"
CALIBRATION_PICTURES = 300
GATE_PICTURES = 1000
FEWEST_TO_GATE = 50
AGREEMENT = 0.995
RESTORE_SECONDS = 120.0
RESTORE_LAYERS = 3
RANKING_PICTURES = 32
ACTIVATIONS = {
    "Constant",
    "Convolution",
    "GroupConvolution",
    "Relu",
    "Clamp",
    "PRelu",
    "HSwish",
    "Swish",
    "Gelu",
    "MVN",
}
"""OpenVINO's names of what the head begins behind."""


@dataclass(frozen=True, slots=True, eq=False)
class Quantisable:
    """What a graph is quantised with and checked on: prepared pictures, and rows of them."""

    pictures: NDArray[np.uint8]
    """N×H×W×C."""
    calibration: NDArray[np.int64]
    held: NDArray[np.int64]
    truth: Sequence[str]
    """The label of every held row."""
    unseen: int = 0
    """So many of the first held rows are of the validation part; the network was taught with the others."""


@dataclass(frozen=True, slots=True)
class Gate:
    """How the outcomes of a candidate compare with the reference's on the same pictures."""

    agreement: float
    pictures: int
    critical_escapes_added: int
    unseen: int = 0
    """So many of the pictures were held out …"""
    unseen_agreement: float = 1.0
    """… and on these so many outcomes agree; 1 where they are too few to ask."""

    @property
    def passed(self) -> bool:
        """True when it may judge."""
        return min(self.agreement, self.unseen_agreement) >= AGREEMENT and not self.critical_escapes_added

    @property
    def reason(self) -> str:
        """Why it may not, in words; empty when it may."""
        if self.critical_escapes_added:
            return f"it lets {self.critical_escapes_added} critical defects of {self.pictures} pictures through"
        if self.agreement < AGREEMENT:
            return (
                f"its verdicts agree with fp32 on {self.agreement:.2%} of {self.pictures} pictures, "
                f"{AGREEMENT:.1%} are needed"
            )
        if self.unseen_agreement < AGREEMENT:
            return (
                f"its verdicts agree with fp32 on {self.unseen_agreement:.2%} of the {self.unseen} held-out pictures, "
                f"{AGREEMENT:.1%} are needed"
            )
        return ""


def in_words(spec: Int8Spec) -> str:
    """What became of INT8, for a person."""
    if not spec.used:
        return f"No INT8 graph: {spec.reason}."
    low, _ = Share(round(spec.agreement * spec.pictures), spec.pictures).interval
    return (
        f"INT8 graph: its verdicts agree with fp32 on {spec.agreement:.2%} of {spec.pictures} pictures "
        f"({spec.held_out} held out), so at 95 % confidence on at least {low:.1%}."
    )


def rows_for(
    train: NDArray[np.int64],
    validation: NDArray[np.int64],
    seed: int,
    *,
    calibration: int = CALIBRATION_PICTURES,
    gate: int = GATE_PICTURES,
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Rows to calibrate with, always of the training part; rows to check on, never the same; how many of those first
    ones are of the validation part.

    The validation part is joined by training pictures that calibration leaves over, up to `gate` in all: on 71
    pictures without a difference the agreement may still be as low as 95 %. Under 50 validation pictures calibration
    leaves at least half of the training part.
    """
    held = some(validation, gate, seed)
    most = calibration if validation.size >= FEWEST_TO_GATE else min(calibration, train.size // 2)
    chosen = some(train, most, seed)
    rest = some(np.setdiff1d(train, chosen), gate - held.size, seed)
    return chosen, np.concatenate((held, rest)), held.size


def quantise(
    read: Callable[[], Any],
    manifest: Manifest,
    material: Quantisable,
    *,
    check: Callable[[], None] = lambda: None,
    restore_seconds: float = RESTORE_SECONDS,
    threads: int = 0,
) -> tuple[dict[str, bytes], Int8Spec]:
    """The INT8 files of a package's fp32 graph and how they did; no files where the gate failed.

    `read` gives the graph, anew each time: NNCF changes what it is given.
    `check` is called for each picture and may raise to stop; `restore_seconds` bounds the second try, 0 = none.
    """
    nncf = _nncf()
    if nncf is None:
        return {}, Int8Spec(used=False, reason="NNCF is not installed")
    versions = {name: version(name) for name in ("nncf", "openvino")}
    if len(material.held) < FEWEST_TO_GATE or not material.calibration.size:
        reason = f"{len(material.held)} pictures are too few to check it on, {FEWEST_TO_GATE} are needed"
        return {}, Int8Spec(used=False, reason=reason, versions=versions)
    judge = _Judge(manifest, material, check, thread_budget(threads))
    reference = judge.verdicts(read(), pinned=True)
    data = nncf.Dataset(_batches(material, check))
    tries: list[tuple[str, Callable[[], Any]]] = [
        ("post-training", lambda: _post_training(nncf, read(), data, material))
    ]
    if restore_seconds:
        restored = _restoring(nncf, read, data, judge, reference, material, restore_seconds)
        tries.append(("post-training with layers restored", restored))
    spec = Int8Spec(used=False)
    for method, make in tries:
        files, told = _tried(nncf, make, judge, reference)
        text = f"NNCF {method}, mixed preset, {material.calibration.size} pictures"
        # What the gate said of an earlier try tells more than that a later one took too long.
        spec = told.model_copy(update={"method": text, "versions": versions}) if told.pictures else spec
        spec = spec if spec.reason or spec.used else told
        if told.used:
            return files, spec
    return {}, spec


def _tried(
    nncf: Any, make: Callable[[], Any], judge: _Judge, reference: Sequence[Verdict]
) -> tuple[dict[str, bytes], Int8Spec]:
    """One try and what the gate says of it; no pictures where no graph came out."""
    try:
        with _silence():
            files = _files_of(make())
    except (_TimeUp, RuntimeError, nncf.ValidationError, nncf.InternalError, nncf.UnsupportedModelError) as error:
        logging.getLogger(__name__).warning("INT8: %s", error)
        return {}, Int8Spec(used=False, reason=f"it could not be made: {error}")
    gate = judge.gate(reference, judge.verdicts(_read_files(files)))
    return files, Int8Spec(
        used=gate.passed,
        reason=gate.reason,
        agreement=gate.agreement,
        pictures=gate.pictures,
        held_out=gate.unseen,
        critical_escapes_added=gate.critical_escapes_added,
    )


def compare(
    reference: Sequence[Verdict],
    candidate: Sequence[Verdict],
    truth: Sequence[str],
    critical: frozenset[str],
    unseen: int = 0,
) -> Gate:
    """Outcomes that agree, among all and among the first `unseen` where these are enough to ask by themselves, and
    parts of critical classes that are OK now and were not before."""
    pairs = list(zip(reference, candidate, truth, strict=True))
    same = [before.outcome is after.outcome for before, after, _ in pairs]
    escapes = sum(
        label in critical and lets_through(before.outcome, after.outcome, defective=True)
        for before, after, label in pairs
    )
    alone = sum(same[:unseen]) / unseen if unseen >= FEWEST_TO_GATE else 1.0
    return Gate(sum(same) / len(pairs) if pairs else 0.0, len(pairs), escapes, unseen, alone)


class _TimeUp(Exception):
    """The second try took longer than it may."""


class _Judge:
    """The verdicts a graph leads to on the held pictures, by the package's own recipe without its review band."""

    def __init__(self, manifest: Manifest, material: Quantisable, check: Callable[[], None], threads: int) -> None:
        self._package = ModelPackage(Path(), manifest, "")
        self._recipe = without_review(default_recipe(self._package))
        self._material, self._check, self._threads = material, check, threads
        self._critical = frozenset(c.name for c in manifest.classes if c.severity is Severity.CRITICAL)
        self._names = ("scores", *(("map",) if manifest.map.kind != "none" else ()))
        self._novelty = manifest.guard is not None and manifest.guard.novelty_max is not None

    def verdicts(self, graph: Any, *, pinned: bool = False) -> list[Verdict]:
        """In the order of the held rows; `pinned`: in fp32, else as the line runs the graph."""
        options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self._threads}
        if pinned:
            options["INFERENCE_PRECISION_HINT"] = "f32"
        compiled = core().compile_model(graph, "CPU", options)
        return [self.verdict(compiled, row) for row in self._material.held]

    def verdict(self, compiled: Any, row: int) -> Verdict:
        """Of one picture."""
        self._check()
        return by_recipe(self._seen(compiled, self._material.pictures[row]), self._recipe).verdict

    def _seen(self, compiled: Any, picture: NDArray[np.uint8]) -> Prediction:
        """What a graph that is in no package yet says of a picture prepared for it."""
        found = compiled([picture[None]])
        raw = Raw(
            np.array(found["scores"][0], np.float32),
            np.array(found["map"][0], np.float32) if "map" in self._names else None,
            float(found["novelty"].ravel()[0]) if self._novelty else None,
        )
        frame = picture[..., 0] if picture.shape[2] == 1 else picture
        return assemble([raw], look(frame, self._package.manifest.input), self._package)

    def gate(self, reference: Sequence[Verdict], candidate: Sequence[Verdict]) -> Gate:
        """How they compare."""
        return compare(reference, candidate, self._material.truth, self._critical, self._material.unseen)


def _post_training(nncf: Any, graph: Any, data: Any, material: Quantisable) -> Any:
    return nncf.quantize(graph, data, **_options(nncf, graph, material))


def _restoring(
    nncf: Any,
    read: Callable[[], Any],
    data: Any,
    judge: _Judge,
    reference: Sequence[Verdict],
    material: Quantisable,
    seconds: float,
) -> Callable[[], Any]:
    """Quantising that gives the layers that harm most their floating point back; raises _TimeUp after `seconds`."""
    order = {int(row): place for place, row in enumerate(material.held)}

    def make() -> Any:
        ends = time.monotonic() + seconds

        def agreement(compiled: Any, rows: Iterable[Any]) -> tuple[float, list[float]]:
            same = []
            for row in rows:
                if time.monotonic() > ends:
                    raise _TimeUp(f"more than {seconds:.0f} s")
                same.append(float(judge.verdict(compiled, int(row)).outcome is reference[order[int(row)]].outcome))
            return float(np.mean(same)), same

        graph = read()
        limits = nncf.AdvancedAccuracyRestorerParameters(
            max_num_iterations=RESTORE_LAYERS, ranking_subset_size=RANKING_PICTURES, num_ranking_workers=1
        )
        return nncf.quantize_with_accuracy_control(
            graph,
            data,
            nncf.Dataset([int(row) for row in material.held]),
            agreement,
            max_drop=1.0 - AGREEMENT,
            drop_type=nncf.DropType.ABSOLUTE,
            advanced_accuracy_restorer_parameters=limits,
            **_options(nncf, graph, material),
        )

    return make


def _options(nncf: Any, graph: Any, material: Quantisable) -> dict[str, Any]:
    return {
        "preset": nncf.QuantizationPreset.MIXED,
        "target_device": nncf.TargetDevice.CPU,
        "subset_size": max(1, material.calibration.size),
        "fast_bias_correction": True,
        # Pooled values, attention and whitening lose most by rounding and cost nothing to compute: measured on the
        # demo line, the seg-decision network agrees on 98.1 % of the verdicts with them in INT8, on 100 % without.
        "ignored_scope": nncf.IgnoredScope(names=floating(graph), validate=False),
    }


def floating(graph: Any) -> list[str]:
    """Names of the operations between the last activations and the outputs `scores` and `novelty`: they stay fp32."""
    ends = [o for o in graph.outputs if o.names & {"scores", "novelty"}]
    waiting = [o.get_node().input_value(0).get_node() for o in ends]
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        name = node.get_friendly_name()
        if node.get_type_name() in ACTIVATIONS or name in found:
            continue
        found.add(name)
        waiting += [value.get_node() for value in node.input_values()]
    return sorted(found)


def _batches(material: Quantisable, check: Callable[[], None]) -> Iterable[NDArray[np.uint8]]:
    class Batches:
        """Can be gone through again, always in the same order."""

        def __iter__(self) -> Iterator[NDArray[np.uint8]]:
            for row in material.calibration:
                check()
                yield material.pictures[row][None]

        def __len__(self) -> int:
            return int(material.calibration.size)

    return Batches()


def graph_of(files: Mapping[str, bytes]) -> Any:
    """The fp32 graph among a package's files, as OpenVINO reads it."""
    read = core().read_model
    return read(files[GRAPH], b"") if GRAPH in files else read(files[IR_GRAPH], files[IR_WEIGHTS])


def _read_files(files: dict[str, bytes]) -> Any:
    return core().read_model(files[INT8_GRAPH], files[INT8_WEIGHTS])


def _files_of(graph: Any) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / INT8_GRAPH
        ov.save_model(graph, path, compress_to_fp16=False)
        return {name: (Path(folder) / name).read_bytes() for name in (INT8_GRAPH, INT8_WEIGHTS)}


def _nncf() -> Any:
    """The library, or None where it is not installed; loaded by name and only when asked for: it takes seconds."""
    # Read once, when it is imported: without it NNCF reports its use to its maker over the network.
    os.environ.setdefault("NNCF_CI", "1")
    kind = logging.getLoggerClass()
    try:
        nncf = import_module("nncf")
    except ImportError:
        return None
    finally:
        logging.setLoggerClass(kind)
    # Its own set_log_level goes on to every handler the logger has, also those that others lent it.
    logging.getLogger("nncf").setLevel(logging.ERROR)
    return nncf


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """NNCF draws bars on stdout, where the trainer's events go."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
