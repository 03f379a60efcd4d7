"""Real servers of gs:// and s3:// on this machine, each behind a proxy that can be told to fail."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pipeline.failures import StoreLost
from pipeline.stores import options
from pipeline.stores import store as stores
from pipeline.stores.store import Store, store_of
from tests.pipeline.clusters import free_port, listens, until
from tests.pipeline.stores.proxy import Faults, proxy

COMMANDS = {
    "s3": ("moto.server", "-H", "127.0.0.1", "-p"),
    "gs": ("gcp_storage_emulator", "start", "--host", "127.0.0.1", "--in-memory", "--quiet", "--port"),
}
NEEDS = {"s3": ("boto3", "moto"), "gs": ("google.cloud.storage", "gcp_storage_emulator")}
NUMBERS = count()


@dataclass
class Bucket:
    """A bucket of its own for a test: `url`, the options after `--` and the environment with which it is reached."""

    url: str
    options: tuple[str, ...]
    environment: dict[str, str]
    faults: Faults

    @property
    def scheme(self) -> str:
        return self.url.partition(":")[0]

    @property
    def store(self) -> Store:
        return store_of(self.url)

    @property
    def raw(self) -> Any:
        """The client of boto3 or google-cloud-storage."""
        return self.store._client._client  # type: ignore[attr-defined]

    def other(self, name: str) -> "Bucket":
        """Another bucket of the same server, made when it is missing."""
        other = replace(self, url=f"{self.scheme}://{name}")
        try:
            other.names()
        except StoreLost:
            other.make()
        return other

    def make(self) -> None:
        name = self.url.partition("://")[2]
        self.raw.create_bucket(Bucket=name) if self.scheme == "s3" else self.raw.create_bucket(name)

    def put(self, name: str, content: bytes) -> str:
        """Write an object; its URL."""
        self.store.write(f"{self.url}/{name}", content)
        return f"{self.url}/{name}"

    def names(self) -> list[str]:
        return [found.name.removeprefix(f"{self.url}/") for found in self.store.list(f"{self.url}/")]

    def contents(self, folder: str = "") -> dict[str, bytes]:
        """All objects below a folder, which ends with /."""
        base = f"{self.url}/{folder}"
        return {found.name.removeprefix(base): self.store.read(found.name) for found in self.store.list(base)}


@contextmanager
def serving(scheme: str) -> Iterator[int]:
    """The server of a scheme, in a process of its own; its port."""
    port = free_port()
    module, *arguments = COMMANDS[scheme]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: listens(port), f"{module} to listen", 60)
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session", params=["s3", "gs"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, str, Faults]]:
    """Scheme, address of the proxy, and what is to go wrong there."""
    for module in NEEDS[request.param]:
        pytest.importorskip(module, reason="the extras aws, gcp and dev are not all installed")
    with serving(request.param) as port, proxy(port) as (address, faults):
        yield request.param, address, faults


@pytest.fixture
def bucket(server: tuple[str, str, Faults], monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, which this process is told how to reach; without pauses between tries."""
    scheme, address, faults = server
    monkeypatch.setattr(stores, "PAUSES", (0.001,) * 12)
    environment = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "STORAGE_EMULATOR_HOST": address}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stores._store.cache_clear()  # a client keeps the address that the environment had when it was made
    given = (f"--s3_endpoint_url={address}",) if scheme == "s3" else ("--no_auth",)
    options.use(given)
    vars(faults).update(vars(Faults()))
    made = Bucket(f"{scheme}://box{next(NUMBERS)}-{os.getpid()}", given, environment, faults)
    made.make()
    faults.asked.clear()
    yield made
    options.use(())


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files, to see what is left there."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder
