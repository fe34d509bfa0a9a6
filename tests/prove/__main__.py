"""`python -m tests.prove`: each shard in turn; one that passed on this state of the checkout is not run again."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import ROOT
from tests.prove.outcome import RESULTS, Memory, Outcome, read_report, record, state_of, table
from tests.prove.shards import NAMES, SHARDS, Shard

LIMIT_S = 1200.0


def run(shard: Shard, smoke: bool, *, limit_s: float = LIMIT_S) -> Outcome:
    """The shard's tests, or those of them that stand for it in CI."""
    chosen = f"prove(shard='{shard.name}')" + (" and smoke" if smoke else "")
    workers = 1 if smoke else shard.workers
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-m", chosen, f"--junitxml={report}", "-p", "no:cacheprovider"]
        command += ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else ["-n0"]
        try:
            subprocess.run(command, cwd=ROOT, timeout=limit_s, check=False)
        except subprocess.TimeoutExpired:
            print(f"{shard.name} took longer than {limit_s / 60:.0f} min and was ended", file=sys.stderr)
        return read_report(shard.name, report, time.monotonic() - begun)


def main() -> int:
    """1 where a shard failed."""
    words = argparse.ArgumentParser(prog="make prove", description=__doc__)
    words.add_argument("--shard", choices=NAMES, help="this one alone, even if it passed")
    words.add_argument("--smoke", action="store_true", help="of each shard what stands for it in CI")
    words.add_argument("--record", action="store_true", help=f"write what came out into {RESULTS}")
    given = words.parse_args()
    memory = Memory(ROOT / "out" / "prove", state_of(ROOT))
    failed = False
    for shard in SHARDS:
        if given.shard in (None, shard.name):
            failed |= not _settled(shard, memory, given.smoke, again=given.shard is not None)
    if given.record:
        machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
        record(ROOT / RESULTS, table(SHARDS, memory, machine))
    return int(failed)


def _settled(shard: Shard, memory: Memory, smoke: bool, *, again: bool) -> bool:
    """Whether it passes, now or before. A smoke is neither remembered nor spared."""
    before = memory.recall(shard.name)
    if before and before.whole and not smoke and not again:
        print(f"{before} (before, on the same files)", flush=True)
        return True
    print(f"── {shard.name}: {shard.proves}", flush=True)
    outcome = run(shard, smoke)
    print(outcome, flush=True)
    if not smoke:
        memory.keep(outcome)
    return outcome.whole


if __name__ == "__main__":
    sys.exit(main())
