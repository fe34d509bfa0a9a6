"""The station tells nobody anything: no telemetry is loaded, even when OpenVINO is."""

from __future__ import annotations

import subprocess
import sys


def test_no_telemetry_is_loaded_with_openvino() -> None:
    code = (
        "import engine, openvino, sys, threading;"
        "loaded = [n for n, m in sys.modules.items() if m and n.startswith('openvino_telemetry')];"
        "sys.exit(bool(loaded) or threading.active_count() > 1)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=300, check=False).returncode == 0
