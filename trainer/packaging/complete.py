"""`lineside quantise`: an existing package gets what is missing: calibration figures, guard, novelty, INT8 graph.

Scores and thresholds stay as they are: the temperature is kept, only what it does to the calibration is measured. A
package without torch weights (imported, combined) gets the guard without novelty. Needs torch; cli.py, which does not,
declares the arguments.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.core import core
from engine.domain.inspection import utc_now
from engine.errors import UsageError
from engine.networks.graph import Deployed, Novelty
from engine.networks.load import load_graph
from engine.packages.manifest import PACKAGE_SCHEMA, GuardSpec, Int8Spec, Manifest
from engine.packages.package import MANIFEST, ModelPackage, open_package, write_package
from engine.recipes.file import default_recipe
from engine.system.threads import thread_budget
from trainer.data.prepared import prepare_samples
from trainer.evaluation.evaluate import part_of, truth_of
from trainer.formats.detect import open_dataset
from trainer.formats.samples.dataset import Dataset, Sample
from trainer.packaging.calibrate import calibration_of, logits_from
from trainer.packaging.deploy import exported
from trainer.packaging.guard import MOST, descriptions_of, fit_novelty, limits_from, some
from trainer.packaging.quantise import Quantisable, graph_of, in_words, quantise, rows_for

PARITY_PICTURES = 8
SEED = 42
HELD_SHARE = 0.3
"""Of a data set the package was not trained on: what the graph is checked with instead of fitted to."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The pictures a package is completed with."""

    pictures: NDArray[np.uint8]
    """N×H×W×C."""
    truth: tuple[str, ...]
    """N labels in the package's words."""
    train: Rows
    held: Rows


def run_quantise(args: argparse.Namespace) -> int:
    """Complete a package as asked and write it. Returns 0; raises LinesideError."""
    package = open_package(Path(args.package))
    out = Path(args.out)
    if out.suffix.lower() == ".zip" or (out.exists() and not (out / MANIFEST).is_file()):
        raise UsageError(f"{out} is no place for a package.", "Give --out a new folder.")
    dataset = open_dataset(args.dataset, args.format, _names(args.ok_classes), args.without_label)
    words = ["lineside", "quantise", Path(args.package).name, Path(args.dataset).name, "--part", args.part]
    words += ["--without-label", args.without_label] if args.without_label else []
    written = complete(package, dataset, out, part=args.part, command=shlex.join(words), say=_say)
    print(f"{written.manifest.name} {written.version}")
    return 0


def complete(
    package: ModelPackage,
    dataset: Dataset,
    out: Path,
    *,
    part: str = "train",
    command: str = "",
    say: Callable[[str], None] = print,
    int8: bool = True,
) -> ModelPackage:
    """Write the package again with everything the data set can tell. Raises LinesideError.

    `part` is what the guard is fitted to and the INT8 graph calibrated with; both are checked on the validation part.
    Of a data set the package was not trained on, a random 30 % is held back for that.
    """
    with tempfile.TemporaryDirectory() as folder:
        shown = _shown(package, dataset, part, Path(folder) / "pictures.npy", say)
        manifest = package.manifest.model_copy(deep=True, update={"schema_version": PACKAGE_SCHEMA})
        files = {name: (package.folder / name).read_bytes() for name in _kept(manifest)}
        deployed = _deployed(package, shown)
        if deployed is not None:
            files.update(exported(manifest, deployed, shown.pictures[shown.held[:PARITY_PICTURES]]))
        manifest.guard = _guard(manifest, shown, novelty=deployed is not None and deployed.novelty is not None)
        manifest.calibration = {**manifest.calibration, **_calibration(files, manifest, shown)}
        small: dict[str, bytes] = {}
        if int8:
            small, manifest.int8 = _int8(files, manifest, shown)
            say(in_words(manifest.int8))
        manifest.lineage = manifest.lineage.model_copy(update={"completed": _record(package, dataset, command)})
        return write_package(out, manifest, {**files, **small})


def _record(package: ModelPackage, dataset: Dataset, command: str) -> dict[str, str]:
    """What the lineage keeps of it."""
    return {
        "from": package.version,
        "dataset": dataset.id,
        "dataset_sha256": dataset.sha256(),
        "command": command,
        "at": utc_now().isoformat(timespec="seconds"),
    }


def _guard(manifest: Manifest, shown: Shown, *, novelty: bool) -> GuardSpec:
    light = manifest.lineage.settings
    return limits_from(
        shown.pictures,
        np.concatenate((shown.train, shown.held)),
        novelty=novelty,
        brightness=_share(light, "brightness"),
        contrast=_share(light, "contrast"),
        exposure=_share(light, "exposure"),
    )


def _share(settings: dict[str, Any], name: str) -> float:
    """A setting of the training; 0 where the package, which may come from anywhere, has no number there."""
    value = settings.get(name, 0.0)
    return float(value) if isinstance(value, int | float) and 0.0 <= value <= 1.5 else 0.0


def _kept(manifest: Manifest) -> list[str]:
    """Every file but what is made anew."""
    return [name for name in manifest.files if not name.startswith(("int8.", "novelty."))]


def _shown(package: ModelPackage, dataset: Dataset, part: str, spill: Path, say: Callable[[str], None]) -> Shown:
    train, held = _parts(package, dataset, part, say)
    samples = [*train, *held]
    recipe = default_recipe(package)
    data = prepare_samples(
        samples,
        dataset.classes,
        dataset.ok_classes,
        package.manifest.input,
        with_masks=False,
        threads=thread_budget(),
        progress=_silent,
        spill=spill,
    )
    truth = tuple(truth_of(s, dataset, recipe) for s in samples)
    return Shown(data.pictures, truth, np.arange(len(train)), np.arange(len(train), len(samples)))


def _parts(
    package: ModelPackage, dataset: Dataset, part: str, say: Callable[[str], None]
) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """What to fit to and what to check on."""
    known = package.manifest.lineage.dataset_sha256 == dataset.sha256() or any(s.part == part for s in dataset.samples)
    if known:
        held = [] if part == "validation" else part_of(package, dataset, "validation")
        return part_of(package, dataset, part), held
    say(f"{package.manifest.name} was not trained on {dataset.id}: {HELD_SHARE:.0%} of it is kept to check with.")
    order = np.random.default_rng(SEED).permutation(len(dataset.samples))
    first = round(HELD_SHARE * len(order))
    chosen = [dataset.samples[i] for i in order]
    return chosen[first:], chosen[:first]


def _deployed(package: ModelPackage, shown: Shown) -> Deployed | None:
    """The network with its novelty fitted; None where the package has no torch network of its own."""
    if package.weights is None:
        return None
    graph = load_graph(package)
    if not isinstance(graph, Deployed):
        return None
    graph = graph.eval()

    def described(rows: Rows) -> NDArray[np.float32]:
        return descriptions_of(graph, shown.pictures, some(rows, MOST, SEED), lambda: None)

    novelty: Novelty | None = fit_novelty(described(shown.train), described(shown.held))
    graph.novelty = novelty
    return graph


def _calibration(files: dict[str, bytes], manifest: Manifest, shown: Shown) -> dict[str, Any]:
    """The error and the reliability of the scores on the held pictures whose label the model knows."""
    classes = manifest.class_names
    rows = np.array([row for row in shown.held if shown.truth[row] in classes], np.int64)
    if not rows.size:
        return {}
    compiled = core().compile_model(graph_of(files), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    scores = np.concatenate([compiled([shown.pictures[row][None]])["scores"] for row in rows])
    temperature = float(manifest.calibration.get("temperature", 1.0))
    labels = np.array([classes.index(shown.truth[row]) for row in rows], np.int64)
    logits = logits_from(scores, manifest.head) * temperature
    return calibration_of(logits, labels, temperature, manifest.head, classes, manifest.ok_classes)


def _int8(files: dict[str, bytes], manifest: Manifest, shown: Shown) -> tuple[dict[str, bytes], Int8Spec]:
    calibration, checked, unseen = rows_for(shown.train, shown.held, SEED)
    material = Quantisable(shown.pictures, calibration, checked, [shown.truth[row] for row in checked], unseen)
    return quantise(lambda: graph_of(files), manifest, material)


def _silent(_done: int, _total: int) -> None:
    """Decoding takes seconds; nothing is told of it."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _say(text: str) -> None:
    print(text, file=sys.stderr)
