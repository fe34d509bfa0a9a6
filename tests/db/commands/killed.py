"""A program of ours killed in the middle of a scan: as soon as its lines tell that something is judged."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from tests import ROOT

PATIENCE_S = 120


def many_parts(folder: Path, count: int) -> Path:
    """Small pictures, every tenth with a defect."""
    folder.mkdir()
    for place in range(count):
        cv2.imwrite(str(folder / f"{place}.png"), np.full((8, 10), 250 if place % 10 == 0 else 60, np.uint8))
    return folder


def killed_scan(words: list[str], lines: Path) -> None:
    """`lineside scan …` through main(), killed by SIGKILL once `lines` (its --jsonl) has some, long before its end."""
    command = [sys.executable, "-c", "import sys; from main import main; sys.exit(main(sys.argv[1:]))"]
    with subprocess.Popen(
        [*command, "scan", *words, "--jsonl", str(lines)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as running:
        gives_up = time.monotonic() + PATIENCE_S
        while not (lines.exists() and lines.stat().st_size) and running.poll() is None:
            if time.monotonic() > gives_up:
                break
            time.sleep(0.005)
        running.kill()
        said = running.communicate()[1].decode()
    assert running.returncode == -signal.SIGKILL, said
