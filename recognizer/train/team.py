"""Several processes that train one network: one a CPU core, or one a GPU, with averaged gradients.

Two processes of one thread beat one process of two threads, whose LSTM kernel waits at every time step.
"""

import multiprocessing
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from typing import Final

import torch
from torch import distributed, nn

from recognizer.train.recipe import Recipe

GPU_BATCHES: Final = 8  # as many lines at a time as so many CPUs


def device_of(rank: int) -> torch.device:
    """Where the process of this rank trains: each on a GPU of its own where there are any, else on the CPU."""
    return torch.device("cuda", rank) if torch.cuda.is_available() else torch.device("cpu")


def fitted(recipe: Recipe) -> Recipe:
    """The recipe as this machine can follow it: with GPUs a process for each, and batches that fill them."""
    gpus = torch.cuda.device_count()
    return replace(recipe, processes=gpus, columns=GPU_BATCHES * recipe.columns) if gpus else recipe


@contextmanager
def team(processes: int, work: Callable[[int, str], None]) -> Iterator[None]:
    """Be rank 0 of so many processes, of which the others do `work(rank, address)`; they end with this one."""
    if processes == 1:
        yield
        return
    address = f"tcp://127.0.0.1:{_free_port()}"
    helpers = _start(processes, work, address)
    try:
        join(0, processes, address)
        yield
    finally:
        leave()
        for helper in helpers:
            helper.join()


def join(rank: int, processes: int, address: str) -> None:
    """Meet the others."""
    distributed.init_process_group(
        "nccl" if torch.cuda.is_available() else "gloo", address, rank=rank, world_size=processes
    )


def leave() -> None:
    """Part from the others, if one had met them."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def agreed(value: float, device: torch.device) -> float:
    """What rank 0 gives, for all."""
    if not distributed.is_initialized():
        return value
    shared = torch.tensor([value], dtype=torch.float64, device=device)
    distributed.broadcast(shared, 0)
    return float(shared)


def average_gradients(network: nn.Module) -> None:
    """One all-reduce over all gradients at once, which is cheaper than one for each tensor."""
    if not distributed.is_initialized():
        return
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    means = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, mean in zip(gradients, means, strict=True):
        gradient.copy_(mean.view_as(gradient))


def _start(processes: int, work: Callable[[int, str], None], address: str) -> list[BaseProcess]:
    context = multiprocessing.get_context("spawn")
    helpers = [context.Process(target=work, args=(rank, address), daemon=True) for rank in range(1, processes)]
    for helper in helpers:
        helper.start()
    return list(helpers)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
