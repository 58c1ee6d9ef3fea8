"""The command `earmark` as a process of its own that need not load its modules first.

A server loads them once and forks for each command, which saves half of a short one's time, and two seconds with torch.
What is forked is as `python -m earmark` would be: it has the words, folder, environment and streams of the command, and
ends by the end of its interpreter. What an interpreter reads before it runs (`PYTHON...`, the language) cannot be given
to one that runs already: then, and where nothing can be forked, a process is started in full. What a command must load
itself a forked one cannot tell: tests/test_docs.py and tests/cli/test_startup.py start theirs in full.

Started as a program this file is that server: it takes commands from the socket that is its stdin, one at a time.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

# What verbs load, and what those load that need torch.
ROOMS = ("cli", "data", "generate", "library", "listen", "measure", "plots", "sound", "teach")
LIGHT = ("jinja2", "PIL.Image", "tinytag", *(f"earmark.{room}" for room in ROOMS))
ROOMS_WITH_TORCH = ("train", "evaluate", "experiments", "analyze", "models")
HEAVY = (*LIGHT, "onnx", "matplotlib.figure", "torch._dynamo", *(f"earmark.{room}" for room in ROOMS_WITH_TORCH))
# Verbs, and verbs below others, that need the latter.
TRAINING = frozenset(
    {"analyze", "atlas", "benchmark", "calibrate", "crossval", "demo", "evaluate", "search", "train", "train-generator"}
)
# What an interpreter has read by the time it is forked.
EARLY = ("PYTHON", "LC_", "LANG", "LD_", "OMP_", "OPENBLAS_", "MKL_", "MALLOC_")


class Warm:
    """Runs commands in a forked process; a context manager, which ends the servers."""

    def __init__(self) -> None:
        self._servers: dict[tuple[str, ...], tuple[subprocess.Popen[bytes], socket.socket]] = {}
        self._one_at_a_time = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process, end in self._servers.values():
            end.close()
            process.wait()

    def run(
        self, words: list[str], *, timeout: float, cwd: str | Path | None = None, env: Mapping[str, str] | None = None,
        **options: Any,
    ) -> "subprocess.CompletedProcess[str]":  # fmt: skip
        """`subprocess.run` of the command with these words, with what it said; options as there."""
        environment = dict(os.environ if env is None else env)
        warm = sys.platform == "linux" and not options and _early(environment) == _early(os.environ)
        if not warm or not self._one_at_a_time.acquire(blocking=False):
            command = [sys.executable, "-m", "earmark", *words]
            options |= {"timeout": timeout, "cwd": cwd, "env": env}
            return subprocess.run(command, capture_output=True, text=True, **options)  # type: ignore[no-any-return]
        try:
            order = {"words": words, "cwd": os.fspath(cwd or Path.cwd()), "env": environment}
            packages = HEAVY if TRAINING.intersection(words[:2]) else LIGHT
            return _ordered(self._server(packages), order, timeout)
        finally:
            self._one_at_a_time.release()

    def _server(self, packages: tuple[str, ...]) -> socket.socket:
        if packages not in self._servers:
            ours, theirs = socket.socketpair()
            command = [sys.executable, __file__, *packages]
            with theirs:
                self._servers[packages] = subprocess.Popen(command, stdin=theirs, stdout=subprocess.DEVNULL), ours
        return self._servers[packages][1]


def _early(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(EARLY)}


def _ordered(server: socket.socket, order: Mapping[str, Any], timeout_s: float) -> "subprocess.CompletedProcess[str]":
    outputs, said = [], [b"", b""]
    theirs = []
    for _ in said:
        reading, writing = os.pipe()
        outputs.append(reading)
        theirs.append(writing)
    message = json.dumps(order).encode()
    socket.send_fds(server, [len(message).to_bytes(8, "big")], [0, *theirs])
    server.sendall(message)
    for writing in theirs:
        os.close(writing)
    pid = int.from_bytes(_exactly(server, 8), "big")

    def read(number: int) -> None:
        with os.fdopen(outputs[number], "rb") as file:
            said[number] = file.read()

    readers = [threading.Thread(target=read, args=(number,), daemon=True) for number in range(2)]
    deadline_s = time.monotonic() + timeout_s
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(max(deadline_s - time.monotonic(), 0))
    late = any(reader.is_alive() for reader in readers)
    if late:
        os.kill(pid, signal.SIGKILL)
    code = int.from_bytes(_exactly(server, 8), "big", signed=True)
    command = [sys.executable, "-m", "earmark", *order["words"]]
    if late:
        raise subprocess.TimeoutExpired(command, timeout_s)
    texts = [io.TextIOWrapper(io.BytesIO(each)).read() for each in said]
    return subprocess.CompletedProcess(command, code, *texts)


def _exactly(end: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = end.recv(size - len(found))
        if not more:
            raise EOFError("the other end is gone")
        found += more
    return found


def _serve() -> None:
    """Answer orders until nobody is left who gives them; return in each process that is forked, ready to run."""
    for name in sys.argv[1:]:
        _load(name)
    assert "onnxruntime" not in sys.modules, "it does not survive a fork: what runs a network imports it"
    gc.collect()
    gc.freeze()  # what never changes is not copied by the collector of each fork
    orders = socket.socket(fileno=os.dup(0))
    while True:
        size, streams, _, _ = socket.recv_fds(orders, 8, 3)
        if not size:
            os._exit(0)
        order = json.loads(_exactly(orders, int.from_bytes(size, "big")))
        pid = os.fork()
        if pid == 0:
            orders.close()
            _become(order, streams)
            return
        for stream in streams:
            os.close(stream)
        orders.sendall(pid.to_bytes(8, "big"))
        _, status = os.waitpid(pid, 0)
        orders.sendall(os.waitstatus_to_exitcode(status).to_bytes(8, "big", signed=True))


def _load(name: str) -> None:
    """Import a module with all below it."""
    with contextlib.suppress(ImportError):  # extras need not be installed
        module = importlib.import_module(name)
        if name.startswith("earmark."):
            for below in pkgutil.iter_modules(module.__path__, f"{name}."):
                (_load if below.ispkg else _import)(below.name)


def _import(name: str) -> None:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)


def _become(order: Mapping[str, Any], streams: list[int]) -> None:
    """Make this process what the order asks for."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = ["earmark", *order["words"]]
    sys.path[0] = order["cwd"]


if __name__ == "__main__":
    _serve()
    runpy.run_module("earmark", run_name="__main__", alter_sys=True)
