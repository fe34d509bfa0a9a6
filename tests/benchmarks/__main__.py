"""`make bench`: ratios measured side by side in one run. Minutes; needs the trainer's extras for the torch side."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.benchmarks import inference

SECONDS = float(os.environ.get("LINESIDE_BENCH_SECONDS", "120"))
PLAIN_SECONDS = min(30.0, SECONDS)


def live(way: str, seconds: float) -> dict[str, float | str]:
    """One live run in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.live", way, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float | str] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print the tables."""
    print("Pixels to prediction, pictures a second (ratio to plain torch of the same model)")
    base = 1.0
    for name, rate in inference.measure():
        base = rate if name.endswith("plain torch") else base
        print(f"  {name:<48}{rate:8.1f}{rate / base:8.2f}×")
    print(f"Demo line at 30 frames/s, window open: Lineside {SECONDS:.0f} s, plain torch loop {PLAIN_SECONDS:.0f} s")
    ours, plain = live("lineside", SECONDS), live("plain", PLAIN_SECONDS)
    print(f"  {'':<28}{'Lineside':>12}{'plain loop':>12}")
    for key in ours:
        if key != "way":
            print(f"  {key:<28}{float(ours[key]):12.1f}{float(plain[key]):12.1f}")
    rates = [float(run["inspected"]) / seconds for run, seconds in ((ours, SECONDS), (plain, PLAIN_SECONDS))]
    print(f"  {'frames inspected a second':<28}{rates[0]:12.1f}{rates[1]:12.1f}   {rates[0] / rates[1]:.2f}×")


if __name__ == "__main__":
    main()
