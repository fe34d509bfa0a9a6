"""A trained network becomes the files of a model package: ONNX graph, parity check against OpenVINO, weights."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from safetensors.torch import save as to_safetensors
from torch import nn

from engine.backends.core import core
from engine.errors import EnvironmentFailure
from engine.networks.graph import Deployed, Graph
from engine.packages.manifest import Manifest
from engine.packages.package import GRAPH, NOVELTY, WEIGHTS
from engine.preprocessing.input_spec import InputSpec

OPSET = 18
SCORE_TOLERANCE = 1e-3
MAP_TOLERANCE = 1e-2
"""Share of the map's highest value."""


def exported(manifest: Manifest, deployed: Deployed, pictures: NDArray[np.uint8]) -> dict[str, bytes]:
    """The package's files: the graph, checked on real pictures (N×H×W×C uint8), the weights and what novelty is.

    Raises EnvironmentFailure when the graph judges otherwise than the network.
    """
    deployed = deployed.to("cpu").eval()
    graph = export_graph(deployed, manifest.input)
    check_parity(graph, deployed, pictures)
    files = {GRAPH: graph, WEIGHTS: weights_of(deployed.network)}
    if deployed.novelty is not None:
        files[NOVELTY] = weights_of(deployed.novelty)
    return files


def export_graph(deployed: Graph, spec: InputSpec) -> bytes:
    """The ONNX graph of engine.packages.package's contract, weights inside."""
    example = torch.zeros((1, spec.height, spec.width, spec.channels), dtype=torch.uint8)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The exporter warns about its own internals; nothing of it concerns the caller.
        warnings.simplefilter("ignore")
        path = Path(folder) / GRAPH
        torch.onnx.export(
            deployed,
            (example,),
            path,
            input_names=["picture"],
            output_names=list(deployed.outputs),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        return without_traces(path.read_bytes())


def without_traces(graph: bytes) -> bytes:
    """The ONNX graph without the exporter's notes: they name files of the machine it was made on."""
    model = onnx.load_from_string(graph)
    del model.metadata_props[:], model.graph.metadata_props[:]
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    for function in model.functions:
        del function.metadata_props[:]
        for node in function.node:
            del node.metadata_props[:]
            node.doc_string = ""
    return bytes(model.SerializeToString())


def weights_of(network: nn.Module) -> bytes:
    """The network's state as safetensors."""
    return to_safetensors({k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()})


@torch.no_grad()
def check_parity(graph: bytes, deployed: Graph, pictures: NDArray[np.uint8]) -> float:
    """The largest difference of the scores between torch and OpenVINO in fp32. Raises EnvironmentFailure over 1e-3."""
    model = core().read_model(graph, b"")
    # fp32 by name: left alone, OpenVINO takes bf16 where the CPU has it.
    compiled = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    worst = 0.0
    for picture in pictures:
        batch = picture[None]
        theirs = compiled([batch])
        ours = dict(zip(deployed.outputs, (o.numpy() for o in deployed(torch.from_numpy(batch))), strict=True))
        worst = max(worst, float(np.abs(theirs["scores"] - ours["scores"]).max()))
        for name in ours.keys() - {"scores"}:
            peak = max(1e-6, float(ours[name].max()))
            off = float(np.abs(theirs[name] - ours[name]).max()) / peak
            worst = max(worst, off * SCORE_TOLERANCE / MAP_TOLERANCE)
    if worst > SCORE_TOLERANCE:
        raise EnvironmentFailure(
            f"The exported graph judges otherwise than the network (by {worst:.4f}).",
            "Install the versions of torch, onnx and openvino that Lineside asks for.",
        )
    return worst
