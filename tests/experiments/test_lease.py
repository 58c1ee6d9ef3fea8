"""Leases: one run, one pair of hands."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from earmark.experiments.lease import Lease, held


def dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_of_many_who_try_at_once_one_gets_it(tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / f"{number}.lease"
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda _, path=path: Lease.take(path), range(8)))
        assert sum(lease is not None for lease in taken) == 1


def test_what_is_given_back_can_be_taken_again(tmp_path: Path) -> None:
    lease = Lease.take(tmp_path / "run.lease")
    assert lease is not None
    assert held(lease.path)
    assert Lease.take(lease.path) is None
    lease.release()
    assert not held(lease.path)
    assert Lease.take(lease.path) is not None


def test_the_lease_of_a_dead_process_on_this_machine_is_taken_over_at_once(tmp_path: Path) -> None:
    import socket

    path = tmp_path / "run.lease"
    path.write_text(f"{socket.gethostname()} {dead_pid()}\n")
    assert not held(path)
    assert Lease.take(path) is not None
    assert path.read_text().split()[1] == str(os.getpid())
    assert [file.name for file in tmp_path.iterdir()] == ["run.lease"]


def test_the_lease_of_another_machine_is_taken_over_when_it_has_not_been_renewed(tmp_path: Path) -> None:
    path = tmp_path / "run.lease"
    path.write_text("elsewhere 17\n")
    assert Lease.take(path) is None
    old = time.time() - 3600
    os.utime(path, (old, old))
    assert not held(path)
    lease = Lease.take(path)
    assert lease is not None
    os.utime(path, (old, old))
    lease.renew()
    assert held(path)
