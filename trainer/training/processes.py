"""One process or several in step: on this machine's cards or cores, or on several machines, all with the same loop.

`lineside train` starts the others by its own command line (Lightning Fabric); with several machines, or under torchrun
or SLURM, the processes are started there and find each other by MASTER_ADDR, MASTER_PORT, NODE_RANK, LOCAL_RANK and
WORLD_SIZE; the run's folder must then be seen by all. Each process prepares its own copy of the pictures. A batch is
shared out among them; batch normalisation uses each process's own share, and the statistics kept are the first's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import cv2
import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from numpy.typing import NDArray
from torch import Tensor, distributed, nn

from engine.errors import EnvironmentFailure, InputError, LinesideError, UsageError
from engine.networks.classifiers import TAUGHT_BY_MASK
from engine.system.threads import thread_budget
from trainer.config import TrainConfig
from trainer.runtime.interrupt import Interrupted, StopRequest

T = TypeVar("T")
Failure = tuple[int, str, str]
"""Exit code, message, remedy; code 0 stands for a stop that was asked for."""
_KINDS: dict[int, type[LinesideError]] = {2: UsageError, 3: InputError}


def fabric_of(config: TrainConfig, *, several: bool) -> Fabric:
    """Start what `devices` and `nodes` ask for, and wait until all are there; alone unless `several` is allowed.

    Raises UsageError for more cards than there are, more processes than cores, or a batch that cannot be shared out.
    """
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    # Pictures are prepared by a pool of threads; OpenCV must not multiply them.
    cv2.setNumThreads(1)
    graphics = torch.cuda.is_available()
    count = _count(config, torch.cuda.device_count() if graphics else 0, several=several)
    half = config.precision == "bf16" or (config.precision == "auto" and (graphics or _cpu_has_bf16()))
    fabric = Fabric(
        accelerator="cuda" if graphics else "cpu",
        devices=count,
        num_nodes=config.nodes,
        strategy=DDPStrategy(find_unused_parameters=_leaves_unused(config)) if count * config.nodes > 1 else "auto",
        precision="bf16-mixed" if half else "32-true",
    )
    fabric.launch()
    torch.set_num_threads(threads_of(config, fabric))
    torch.manual_seed(config.seed)
    return fabric


def _count(config: TrainConfig, cards: int, *, several: bool) -> int:
    """Processes on this machine."""
    if not several:
        if config.devices > 1 or config.nodes > 1:
            raise UsageError("Several processes are for lineside train alone.", "Leave out devices and nodes here.")
        return 1
    count = config.devices or max(1, min(cards, config.batch // config.nodes))
    most = cards or max(2, thread_budget())
    if count > most:
        raise UsageError(
            f"devices={count} is more than this machine has: {most}.", "Use --set devices=0 for all there are."
        )
    world = count * config.nodes
    if config.batch < world:
        raise UsageError(f"A batch of {config.batch} cannot be shared by {world} processes.", "Use a larger batch.")
    return count


def _leaves_unused(config: TrainConfig) -> bool:
    """True where a step may leave weights without a gradient."""
    return config.stages == "two-stage" or config.architecture in TAUGHT_BY_MASK


def _cpu_has_bf16() -> bool:
    """True where bf16 is computed in hardware; elsewhere it would be slower than fp32."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="ascii", errors="ignore") if info.exists() else ""
    return "avx512_bf16" in text or "amx_bf16" in text


def threads_of(config: TrainConfig, fabric: Fabric) -> int:
    """The CPU threads of one process: the cores are shared out where the processes compute on them."""
    here = max(1, fabric.world_size // config.nodes)
    return max(1, thread_budget(config.threads) // here)


def is_first() -> bool:
    """True in the process that tells and writes; the only one, or the first of several."""
    return not (distributed.is_available() and distributed.is_initialized()) or distributed.get_rank() == 0


def leave(fabric: Fabric) -> None:
    """After the last step in common; what follows is the first process's own."""
    if fabric.world_size > 1:
        fabric.barrier()
        distributed.destroy_process_group()


def together(fabric: Fabric, work: Callable[[], T]) -> T:
    """What `work` gives where it succeeds in every process.

    Where it fails in one, the first process raises that failure and the others Interrupted: all end, one tells.
    """
    if fabric.world_size == 1:
        return work()
    failed: Failure | None = None
    try:
        result = work()
    except LinesideError as error:
        failed = (error.exit_code, error.message, error.remedy)
    except Interrupted:
        failed = (0, "", "")
    found: list[Failure | None] = [None] * fabric.world_size
    distributed.all_gather_object(found, failed)
    failures = sorted((f for f in found if f is not None), reverse=True)
    if not failures:
        return result
    code, message, remedy = failures[0]
    if code and fabric.is_global_zero:
        raise _KINDS.get(code, EnvironmentFailure)(message, remedy)
    raise Interrupted


def check_stop(fabric: Fabric, stop: StopRequest) -> None:
    """Raise Interrupted in all processes at the same step when any of them was asked to stop."""
    if fabric.world_size == 1:
        stop.check()
        return
    try:
        stop.check()
        asked = 0.0
    except Interrupted:
        asked = 1.0
    if float(cast(Tensor, fabric.all_reduce(torch.tensor(asked), reduce_op="sum"))) > 0.0:
        raise Interrupted


def mean_of(fabric: Fabric, value: float) -> float:
    """The mean over the processes."""
    if fabric.world_size == 1:
        return value
    return float(cast(Tensor, fabric.all_reduce(torch.tensor(value, dtype=torch.float64), reduce_op="mean")))


def share_of(fabric: Fabric, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """This process's share of a batch; all shares are of one size, filled up from the batch's beginning."""
    world = fabric.world_size
    return rows if world == 1 else np.resize(rows, -(-rows.size // world) * world)[fabric.global_rank :: world]


def joined(fabric: Fabric, own: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """The results of `rows[rank::world]` of every process, in the order of `rows` again; `count` rows in all."""
    longest = -(-count // fabric.world_size)
    filled = torch.zeros((longest, *own.shape[1:]), device=fabric.device)
    filled[: len(own)] = torch.from_numpy(own)
    every = [torch.empty_like(filled) for _ in range(fabric.world_size)]
    distributed.all_gather(every, filled)
    return torch.stack(every, dim=1).reshape(-1, *own.shape[1:])[:count].cpu().numpy()


def same_statistics(fabric: Fabric, networks: tuple[nn.Module, ...]) -> None:
    """Give every process the first one's buffers: each has followed its own share of the batches."""
    if fabric.world_size > 1:
        for buffer in (b for network in networks for b in network.buffers()):
            distributed.broadcast(buffer, 0)
