"""Frames in, inspections out; it knows no Qt, no SQLAlchemy and no trainer."""

from __future__ import annotations

import sys

# OpenVINO reports its use over the network when it is imported. A station tells nobody anything: with this name
# taken, OpenVINO falls back on its own silent stub. This runs before any module of the engine can import it.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
