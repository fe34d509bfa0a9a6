"""`python -m tests.mutants [--count 300] [--seed 13] [--groups runs,judge]`: how many seeded mutants the tests kill.

Each result is kept in the file as it comes, so that a run that was stopped goes on where it was; mutants are tried anew
when their file changed since, or the tests that enter their line. Survivors are printed with their place: each is a
test that is missing, or code that is not needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
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


def key_of(mutant: Mutant, tests: Sequence[str], root: Path = ROOT) -> str:
    """The same for the same fault in the same file before the same tests: a new or changed test is asked anew."""
    digest = hashlib.sha256(json.dumps([asdict(mutant), *tests]).encode())
    for path in (mutant.path, *sorted({test.partition("::")[0] for test in tests})):
        digest.update((root / path).read_bytes())
    return digest.hexdigest()[:16]


def tried(group: Group, mutants: list[Mutant], kept: Path, jobs: int) -> dict[Mutant, bool]:
    """Which mutants are killed; what the file knows already is not tried again."""
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    known: dict[str, bool] = {line["key"]: line["killed"] for line in map(json.loads, lines)}
    lock, free = Lock(), SimpleQueue[Path]()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        roots = [sandbox(Path(folder) / str(number)) for number in range(jobs)]
        entered = Entered(group, KEPT / f"{group.name}-{_tree_of(group)}.coverage", roots[0])
        keys = {mutant: key_of(mutant, entered.tests(mutant)) for mutant in mutants}
        for root in roots:
            free.put(root)

        def one(mutant: Mutant) -> None:
            root = free.get()
            try:
                killed = noticed(mutant, entered.tests(mutant), root)
            finally:
                free.put(root)
            with lock, kept.open("a", encoding="utf-8") as out:
                known[keys[mutant]] = killed
                place = {"group": group.name, "place": f"{mutant.path}:{mutant.line}"}
                line = {"key": keys[mutant], "killed": killed, **place, "kind": mutant.kind, "text": mutant.text}
                out.write(json.dumps(line) + "\n")

        list(pool.map(one, [mutant for mutant in mutants if keys[mutant] not in known]))
    print(f"{group.name}: {len(mutants)} mutants, lines entered {entered.share(group.files()):.1%}", flush=True)
    return {mutant: known[keys[mutant]] for mutant in mutants}


def _tree_of(group: Group) -> str:
    """What the measured coverage depends on: the group's sources and tests, and what all tests share."""
    tests = [ROOT / "tests", *map(ROOT.joinpath, group.tests)]
    shared = [*tests[0].glob("*.py"), *tests[0].rglob("conftest.py")]
    below = [path for place in tests[1:] for path in ([place] if place.is_file() else place.rglob("*.py"))]
    digest = hashlib.sha256()
    for path in [*map(ROOT.joinpath, group.files()), *sorted({*shared, *below})]:
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
    if not groups:
        parser.error(f"--groups takes some of {', '.join(group.name for group in GROUPS)}")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    killed, total = Counter[str](), Counter[str]()
    for group in groups:
        mutants = chosen(group, args.count // len(groups), args.seed)
        for mutant, dead in tried(group, mutants, args.out, args.jobs).items():
            total[group.name] += 1
            killed[group.name] += dead
            if not dead:
                print(f"  survived  {mutant.path}:{mutant.line}  {mutant.kind}: {mutant.text!r}")
        print(f"{group.name}: {killed[group.name]} of {total[group.name]} killed")
    share = killed.total() / max(1, total.total())
    print(f"{killed.total()} of {total.total()} mutants killed = {share:.1%} (seed {args.seed})")
    return 0 if share >= args.least else 1


if __name__ == "__main__":
    raise SystemExit(main())
