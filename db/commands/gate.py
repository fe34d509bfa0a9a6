"""`lineside gate`: the change gate without a window. It tells and recommends; it decides only where it is asked to."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from db.commands.opened import opened
from db.datasets.gates import activate_through, reject
from db.models.choose import asked_for, choose_package
from db.models.registry import find
from db.runs.gate import GateDone, GateOrder, active_package, compare, named_challenge
from db.store.session import Database, existing
from engine.domain.inspection import UNKNOWN_PART, Outcome, Verdict
from engine.errors import InputError, UsageError
from engine.gate.gate import Advice, Flip, GateResult, SetResult, advice_of
from engine.images.listing import in_words
from engine.names import name_of
from engine.recipes.file import read_head
from engine.settings import load_settings
from engine.statistics.mistakes import say_little
from engine.statistics.shares import Share
from engine.system.files import check_file, write_atomically
from engine.system.places import database_url

PLAIN_EVERY_S = 5.0
DECISIONS: dict[str, Callable[..., object]] = {"activate": activate_through, "reject": reject}
ADVICE = {
    Advice.ACTIVATE: "activate: it gains more than chance gives, and no defect that was stopped is let through",
    Advice.REJECT: "reject: it lets defects through that were stopped, or loses more parts than it gains",
    Advice.LOOK: "look at the changed parts: the figures prove neither model better",
}

Flips = dict[str, list[Flip]]
"""Every changed verdict by the name of its set."""


def add_gate_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside gate` takes."""
    parser.add_argument("candidate", metavar="CANDIDATE", help="version, name or package of the new model")
    parser.add_argument("--product", default="", metavar="NAME", help="by its name; default: the one worked on last")
    parser.add_argument("--active", default="", metavar="VERSION", help="compare with this; default: the one in use")
    parser.add_argument(
        "--challenge",
        default="",
        metavar="DIR",
        help="known parts, a sub-folder for each class; default: those that the model in use names",
    )
    parser.add_argument("--recipe", default="", metavar="FILE", help="recipe file; default: the one in force here")
    parser.add_argument("--db", default="", metavar="URL", help="database; default: the one in the data folder")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as one object (docs/jsonl.md)")
    parser.add_argument("--decide", choices=sorted(DECISIONS), help="decide so, and keep the figures with it")
    parser.add_argument("--why", default="", type=name_of, help="why, with --decide")
    parser.add_argument("--operator", default="", type=name_of, help="who decides, with --decide")


def run_gate(args: argparse.Namespace) -> int:
    """Compare, print, write, and decide where asked. Raises UsageError, InputError, PackageError, StorageError."""
    if args.decide and not (args.why.strip() and args.operator.strip()):
        raise UsageError("A decision needs a reason and a name.", "Give --why and --operator, or leave --decide out.")
    if args.json is not None:
        check_file(args.json)
    db = opened(existing(args.db) if args.db else database_url())
    try:
        order = _order(args, db)
        if args.decide:
            find(db, choose_package(db, args.candidate).version)
        flips: Flips = {}
        with _progress() as report:
            done = compare(order, report, lambda: False, partial(_keep, flips))
        if done is None or not done.result.count:
            notes = " ".join(map(str, done.notes if done else ()))
            raise InputError(f"There are no known parts to compare the models on. {notes}", "Give --challenge.")
        print("\n".join(_words(done, flips)))
        if args.json is not None:
            write_atomically(args.json, _document(done, flips).encode())
        if args.decide:
            result = done.result
            by, why = args.operator, args.why
            DECISIONS[args.decide](db, result.after, result.before, by, why, result.plain(), order.product)
            print(f"Decided by {args.operator}: {args.decide}.")
        return 0
    finally:
        db.close()


def _order(args: argparse.Namespace, db: Database) -> GateOrder:
    if args.challenge and not Path(args.challenge).is_dir():
        raise InputError(f"There is no folder {args.challenge}.", "Give --challenge a folder of known parts.")
    if args.recipe:
        # The recipe in force may fit one model only, and is noted then; one that is named must be one.
        read_head(Path(args.recipe))
    settings = load_settings()
    product, recipe = asked_for(db, settings, args.product, args.recipe)
    return GateOrder(
        db,
        args.candidate,
        args.active,
        recipe,
        challenge=args.challenge or named_challenge(db, active_package(db, product.id), product),
        threads=settings.threads,
        product=product.id,
    )


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, a plain line now and then otherwise."""
    bar: Any = tqdm(unit=" parts", dynamic_ncols=True) if sys.stderr.isatty() else None
    last = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal last
        if bar is not None:
            bar.total = total
            bar.update()
        elif time.monotonic() - last > PLAIN_EVERY_S:
            last = time.monotonic()
            print(f"{done} of {total} parts", file=sys.stderr, flush=True)

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()


def _keep(flips: Flips, name: str, flip: Flip) -> None:
    # Maps and pictures of thousands of parts would fill the memory; words are enough here.
    before, after = (replace(judged, prediction=None) for judged in (flip.before, flip.after))
    flips.setdefault(name, []).append(replace(flip, before=before, after=after, small=flip.small[:0]))


def _document(done: GateDone, flips: Flips) -> str:
    document = done.plain()
    for known, found in zip(document["sets"], done.result.sets, strict=True):
        known["flips"] = [flip.plain() for flip in _ranked(flips.get(found.name, ()))]
        known["left_out"] = [{"part": id, "why": why} for id, why in found.skipped]
    return json.dumps(document, ensure_ascii=False, indent=1)


def _ranked(flips: Iterable[Flip]) -> list[Flip]:
    return sorted(flips, key=lambda flip: flip.rank)


def _words(done: GateDone, flips: Flips) -> Iterator[str]:
    result = done.result
    yield f"New model {result.after} against {result.before}, by the recipes " + " and ".join(
        f"{recipe.name} {recipe.version}" for _, recipe in reversed(done.sides)
    )
    for known in result.sets:
        yield from _set_words(known, result)
        yield from map(_flip_words, _ranked(flips.get(known.name, ())))
        for id, why in known.skipped:
            yield f"  left out     {id}: {why}"
    if done.left_out:
        yield f"Challenge set: {in_words(done.left_out)}"
    for note in done.notes:
        yield f"Note: {note}"
    yield f"Recommended: {ADVICE[advice_of(result)]}."


def _set_words(known: SetResult, result: GateResult) -> Iterator[str]:
    taught = f", the new model was taught with {known.taught} of them" if known.taught else ""
    yield f"\n{known.name}: {known.count} parts{taught}"
    yield f"{'':<14}{result.before:<34}{result.after}"
    before, after = known.before.mistakes, known.after.mistakes
    for name, was, now in (
        ("right", known.before.right, known.after.right),
        ("escapes", before.escapes, after.escapes),
        ("overkill", before.overkill, after.overkill),
        (str(Outcome.REVIEW), before.review, after.review),
        (str(Outcome.NO_VERDICT), before.no_verdict, after.no_verdict),
        ("unknown", known.before.strange, known.after.strange),
    ):
        yield f"{name:<14}{_share(was):<34}{_share(now)}"
    if say_little(after):
        yield f"{known.count} parts say little: the intervals are wide."
    yield f"{known.gained} gained, {known.lost} lost (p = {known.p:.2g}), {known.let_through} let through"


def _flip_words(flip: Flip) -> str:
    kind = "LET THROUGH" if flip.let_through else str(flip.change)
    said = " → ".join(_verdict_words(judged.verdict) for judged in (flip.before, flip.after))
    return f"  {kind:<13}{flip.part.id}  is {flip.part.label or 'a defect'}: {said}"


def _verdict_words(verdict: Verdict) -> str:
    if verdict.unknown:
        return f"{verdict.outcome} {UNKNOWN_PART}"
    # Of what was not judged there is no score.
    scored = verdict.outcome is not Outcome.NO_VERDICT
    return " ".join([str(verdict.outcome), *([verdict.label, f"{verdict.score:.2f}"] if scored else [])])


def _share(share: Share) -> str:
    if not share.of:
        return "none"
    low, high = share.interval
    return f"{share.count} of {share.of} ({low:.1%} to {high:.1%})"
