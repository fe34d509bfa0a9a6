"""`python -m tests.mutants [--count 300] [--seed 13] [--groups runs,judge]`: how many seeded mutants the tests kill.

Each result is kept in the file as it comes, so that a run that was stopped goes on where it was; mutants whose file
changed since are tried anew. Survivors are printed with their place: each is a test that is missing, or code that is
not needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

from tests import ROOT
from tests.mutants.groups import GROUPS, Group
from tests.mutants.operators import Mutant, mutants_of
from tests.mutants.trial import Entered, noticed, sandbox

KEPT = ROOT / "out" / "mutants"


def chosen(group: Group, count: int, seed: int) -> list[Mutant]:
    """So many of the group's mutants, drawn by the seed, alike on every machine."""
    every = [m for path in group.files() for m in mutants_of(path, (ROOT / path).read_text(encoding="utf-8"))]
    drawn = random.Random(f"{seed} {group.name}")
    return sorted(drawn.sample(every, min(count, len(every))), key=lambda m: (m.path, m.start))


def key_of(mutant: Mutant) -> str:
    """The same for the same fault in the same file."""
    text = json.dumps(asdict(mutant)) + (ROOT / mutant.path).read_text(encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tried(group: Group, mutants: list[Mutant], kept: Path, jobs: int) -> dict[str, bool]:
    """Key → killed, for every mutant; what the file knows already is not tried again."""
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    known: dict[str, bool] = {line["key"]: line["killed"] for line in map(json.loads, lines)}
    todo = [m for m in mutants if key_of(m) not in known]
    entered = Entered(group, KEPT / f"{group.name}-{_tree_of(group)}.coverage")
    lock, free = Lock(), SimpleQueue[Path]()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        for number in range(jobs):
            free.put(sandbox(Path(folder) / str(number)))

        def one(mutant: Mutant) -> None:
            root = free.get()
            killed = noticed(mutant, entered.tests(mutant), root)
            free.put(root)
            with lock, kept.open("a", encoding="utf-8") as out:
                known[key_of(mutant)] = killed
                line = {
                    "key": key_of(mutant),
                    "killed": killed,
                    "group": group.name,
                    "place": f"{mutant.path}:{mutant.line}",
                }
                out.write(json.dumps(line | {"kind": mutant.kind, "text": mutant.text}) + "\n")

        list(pool.map(one, todo))
    print(f"{group.name}: {len(mutants)} mutants, lines entered {entered.share(group.files()):.1%}")
    return known


def _tree_of(group: Group) -> str:
    """What the measured coverage depends on: the group's sources and tests."""
    digest = hashlib.sha256()
    for path in [
        *map(ROOT.joinpath, group.files()),
        *(p for t in group.tests for p in sorted((ROOT / t).rglob("*.py"))),
    ]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def main() -> int:
    """Draw, try, tell. Exit status 1 where fewer than `--least` are killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--groups", default=",".join(group.name for group in GROUPS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--least", type=float, default=0.85)
    parser.add_argument("--out", type=Path, default=KEPT / "results.jsonl")
    args = parser.parse_args()
    groups = [group for group in GROUPS if group.name in args.groups.split(",")]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    killed, total = Counter[str](), Counter[str]()
    for group in groups:
        mutants = chosen(group, args.count // len(groups), args.seed)
        known = tried(group, mutants, args.out, args.jobs)
        for mutant in mutants:
            total[group.name] += 1
            killed[group.name] += known[key_of(mutant)]
            if not known[key_of(mutant)]:
                print(f"  survived  {mutant.path}:{mutant.line}  {mutant.kind}: {mutant.text!r}")
        print(f"{group.name}: {killed[group.name]} of {total[group.name]} killed")
    share = killed.total() / max(1, total.total())
    print(f"{killed.total()} of {total.total()} mutants killed = {share:.1%} (seed {args.seed})")
    return 0 if share >= args.least else 1


if __name__ == "__main__":
    raise SystemExit(main())
