"""A trainer for the shift's test: speaks the real protocol and hands back the shipped model with other limits.

`python -m tests.e2e.fake_trainer PLACE` writes it there as a program.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests import ROOT

SCRIPT = """#!{python}
import json, sys

sys.path.insert(0, {root!r})
from pathlib import Path
from engine.packages.manifest import LimitSpec
from engine.packages.package import open_package, write_package
from engine.system.places import demo_package
def say(**event): print(json.dumps(event), flush=True)
data, out = Path(sys.argv[2]), Path(sys.argv[sys.argv.index("--out") + 1])
assert sys.argv[1] == "train" and any(data.iterdir()), "nothing was exported"
say(event="started", preset="finetune", architecture="segdec", device="cpu", epochs=2, train=1, validation=1, test=0)
for epoch in (1, 2):
    say(event="progress", stage="training", done=epoch, total=2)
    say(event="epoch", epoch=epoch, epochs=2, train_loss=1 / epoch, validation_loss=1 / epoch, figures={{"ap": 0.5}},
        best=True, seconds=0.1)
parent = open_package(demo_package())
limits = LimitSpec(ng_at=0.9, review_from=0.9, review_to=0.9)
manifest = parent.manifest.model_copy(update={{"name": "taught", "thresholds": limits, "files": {{}}}})
files = {{name: (parent.folder / name).read_bytes() for name in parent.manifest.files}}
made = write_package(out, manifest, files)
say(event="finished", package=str(out), version=made.version, metrics={{"accuracy": 0.97}}, seconds=0.2)
"""


def write(place: Path) -> Path:
    """The program at `place`, which may be started."""
    root = str(ROOT)
    place.write_text(SCRIPT.format(python=sys.executable, root=root), encoding="utf-8")
    place.chmod(0o755)
    return place


if __name__ == "__main__":
    write(Path(sys.argv[1]))
