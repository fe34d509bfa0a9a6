"""What is exported carries nothing of the machine it was made on."""

from __future__ import annotations

import pytest
import torch

from engine.networks.catalogue import build
from engine.networks.graph import Deployed
from engine.preprocessing.input_spec import InputSpec
from engine.system.places import shipped_packages
from trainer.packaging.deploy import export_graph

pytestmark = pytest.mark.slow

TRACES = (b"graph.py", b"site-packages", b"/home/", b"/root/", b"stack_trace")


def test_exported_graph_names_no_file_of_this_machine() -> None:
    torch.manual_seed(0)
    deployed = Deployed(build("small_cnn", 1, 2), "small_cnn").eval()
    graph = export_graph(deployed, InputSpec(height=32, width=32, channels=1))
    assert not [trace for trace in TRACES if trace in graph]


@pytest.mark.parametrize("name", ["demo-segdec", "demo-classifier"])
def test_shipped_package_names_no_file_of_a_machine(name: str) -> None:
    (folder,) = [path for path in shipped_packages() if path.name == name]
    for path in folder.iterdir():
        data = path.read_bytes()
        assert not [trace for trace in TRACES if trace in data], path.name
