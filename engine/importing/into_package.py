"""A model made elsewhere → a package: ONNX or OpenVINO IR in, a package with an IR graph of our contract out.

Needs neither torch nor the onnx package. A file, a folder (as Anomalib exports one) or a zip of these is read; nothing
outside it is opened. The new graph is run before the package is written: on a grey picture, a black one, noise and,
where given, sound pictures; answers that are not numbers or not probabilities are refused.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from engine.backends.graph import check_answers, first_picture, open_graph
from engine.backends.openvino import FOREIGN, OpenVinoModel
from engine.domain.inspection import Pixels, Quality, utc_now
from engine.errors import InputError, PackageError
from engine.images.listing import Listing, in_words, list_folder
from engine.images.pictures import read_picture
from engine.importing.files import found_model
from engine.importing.inspect import Foreign, fix_size, inspect_graph
from engine.importing.plan import ImportOptions, Plan, check_numbers, settle, settle_size
from engine.importing.rewrite import Means, Rewired, finish, meaning, raw_answers, rewire, sums_to_one
from engine.names import name_of, short_name
from engine.packages.guarding import guard_spec
from engine.packages.manifest import ClassSpec, GuardSpec, LimitSpec, Lineage, Manifest, MapSpec
from engine.packages.package import IR_GRAPH, ModelPackage, open_package, sha256_of, write_package
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.look import look
from engine.preprocessing.placement import prepare

REFERENCES = 200
"""At most so many pictures of a reference folder are looked at, spread over all of it."""
IR_WEIGHTS = "model.bin"


@dataclass(frozen=True, slots=True)
class Imported:
    """The new package, and what was guessed or found on the way, one sentence each."""

    package: ModelPackage
    notes: tuple[str, ...]


def inspect_foreign(path: Path, scratch_folder: Path | None = None) -> Foreign:
    """What the model in a file, folder or zip has, and what can be guessed of it. Raises PackageError.

    A zip is unpacked for the while under `scratch_folder` (None: where the system keeps such files).
    """
    with _scratch(scratch_folder) as scratch:
        graph_file = found_model(path, scratch)
        foreign = inspect_graph(open_graph(graph_file, path.name), graph_file)
        if foreign.height is None or foreign.width is None:
            return foreign
        return fix_size(open_graph(graph_file, path.name), foreign, foreign.height, foreign.width)


def import_foreign(path: Path, out: Path, options: ImportOptions) -> Imported:
    """Write the model in `path` as a package into the folder `out` (replaced when complete), tried and verified.

    Scratch files lie beside `out`. Raises UsageError naming the flag for what cannot be guessed, PackageError for a
    model that cannot be used.
    """
    check_numbers(options)
    out.parent.mkdir(parents=True, exist_ok=True)
    with _scratch(out.parent) as scratch:
        graph_file = found_model(path, scratch)
        digest = sha256_of(graph_file)
        graph = open_graph(graph_file, path.name)
        if sha256_of(graph_file) != digest:
            raise PackageError(f"{path} changed while it was read.", "Import it again when it is written.")
        foreign = inspect_graph(graph, graph_file)
        foreign = fix_size(graph, foreign, *settle_size(foreign, options))
        plan = settle(foreign, options)
        spec = InputSpec(height=plan.height, width=plan.width, channels=plan.channels, resize=options.resize)
        listing = None if options.reference is None else list_folder(options.reference)
        references = [] if listing is None else _references(listing)
        wired = rewire(graph, foreign, plan)
        means, head = _read_answers(wired, plan, [*_trials(spec), *(prepare(p, spec) for p in references[:4])])
        files = _files(finish(wired, plan, means, head), scratch)
        manifest = _manifest(path, digest, options, plan, spec, head)
        guard = _try(write_package(scratch / "tried", manifest, files), references)
        notes = _notes(foreign, plan, means, options, len(references))
        if listing is not None and listing.left_out:
            notes = (*notes, f"of the sound pictures {in_words(listing.left_out)}")
        return Imported(write_package(out, manifest.model_copy(update={"guard": guard}), files), notes)


def try_package(path: Path) -> None:
    """Load every graph of a package and run it once, as the line will. Raises PackageError."""
    package = open_package(path)
    OpenVinoModel(package, precision="f32").close()
    if package.int8_graph is not None:
        OpenVinoModel(package, precision="int8").close()


@contextmanager
def _scratch(beside: Path | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lineside-import-", dir=beside))
    try:
        yield folder
    finally:
        # Windows keeps a mapped .bin open for as long as OpenVINO holds its graph.
        shutil.rmtree(folder, ignore_errors=True)


def _references(listing: Listing) -> list[Pixels]:
    paths = listing.pictures
    if not paths:
        raise InputError(f"There is no picture in {listing.folder}.", "Give --reference a folder of sound parts.")
    return [read_picture(path) for path in paths[:: -(-len(paths) // REFERENCES)]]


def _trials(spec: InputSpec) -> list[NDArray[np.uint8]]:
    """Prepared inputs (H×W×C) no part looks like: grey, black, and several noises about several greys."""
    shape = (spec.height, spec.width, spec.channels)
    noise = np.random.default_rng(0)
    made = [np.clip(noise.normal(mean, 40.0, shape), 0, 255).astype(np.uint8) for mean in (40, 90, 128, 200)]
    return [first_picture(spec).reshape(shape), np.full(shape, 128, np.uint8), np.zeros(shape, np.uint8), *made]


def _read_answers(
    wired: Rewired, plan: Plan, pictures: Sequence[NDArray[np.uint8]]
) -> tuple[Means, Literal["softmax", "sigmoid"]]:
    """How the raw values become probabilities, and whether the classes exclude each other."""
    values = raw_answers(wired, pictures)
    means = meaning(values, wired, plan)
    if len(plan.classes) == 2 and values.shape[1] == 1:
        return means, "softmax"
    if wired.scores is None and len(plan.classes) > 2:
        # Each class keeps its own worst cell, so several may hold at once.
        return means, "sigmoid"
    apart = means == "sigmoid" or (means == "none" and (wired.one_by_one or not sums_to_one(values)))
    return means, "sigmoid" if apart else "softmax"


def _files(model: Any, scratch: Path) -> dict[str, bytes]:
    try:
        ov.save_model(model, scratch / IR_GRAPH, compress_to_fp16=False)
    except RuntimeError as error:
        raise PackageError("OpenVINO cannot save the model.", "Export it with another opset.") from error
    return {name: (scratch / name).read_bytes() for name in (IR_GRAPH, IR_WEIGHTS)}


def _manifest(path: Path, digest: str, options: ImportOptions, plan: Plan, spec: InputSpec, head: str) -> Manifest:
    said = {k: v for k, v in asdict(options).items() if v not in (None, "", (), "auto") and k != "reference"}
    return Manifest(
        name=options.name or short_name(path.stem) or "imported",
        kind=plan.kind,
        architecture=FOREIGN,
        head="sigmoid" if head == "sigmoid" else "softmax",
        classes=[ClassSpec(name=n, role="ok" if n in plan.ok else "defect") for n in plan.classes],
        input=spec,
        map=MapSpec(kind="mask" if plan.map else "none", threshold=options.map_threshold),
        thresholds=LimitSpec(ng_at=options.ng_at, review_from=options.ng_at, review_to=options.ng_at),
        lineage=Lineage(
            command=f"models import {name_of(path.name)}",
            versions={"openvino": ov.get_version()},
            settings={"imported_sha256": digest, "imported_at": utc_now().isoformat(timespec="seconds"), **said},
        ),
    )


def _try(package: ModelPackage, references: Sequence[Pixels]) -> GuardSpec | None:
    """Run the new graph as the line will; what the reference pictures look like. Raises PackageError."""
    spec = package.manifest.input
    qualities: list[Quality] = []
    with closing(OpenVinoModel(package, precision="f32")) as model:
        for trial in (*_trials(spec), *references):
            pixels = trial[..., 0] if trial.ndim == 3 and trial.shape[2] == 1 else trial
            found = model.run(pixels)
            scores = np.array(found.scores.values, np.float32)
            check_answers(scores, found.heat, found.novelty, package.manifest.name)
    for pixels in references:
        qualities.append(look(pixels, spec).quality)
    return guard_spec(qualities, novelty=False) if qualities else None


def _notes(foreign: Foreign, plan: Plan, means: Means, options: ImportOptions, references: int) -> tuple[str, ...]:
    classes, sound = _listed(plan.classes), _listed(plan.ok) or "none"
    notes = [*foreign.notes, f"kind {plan.kind}; classes {classes}; sound: {sound}"]
    if plan.channels == 3 and options.colour is None and not foreign.anomalib:
        notes.append("colour order rgb was assumed")
    if options.activation == "auto" and plan.kind != "anomaly":
        done = {"none": "are probabilities already", "exp": "are log-probabilities"}.get(means, f"get a {means}")
        notes.append(f"its {'scores' if plan.scores else 'map values'} {done}")
    notes.append(f"tried on {references} sound pictures" if references else "no --reference: bad pictures pass unseen")
    return tuple(notes)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
