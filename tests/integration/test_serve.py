"""`slim-export serve` as a process: many clients, signals, ports."""

import http.client
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from support.releases import HANDLE, make_release

pytestmark = pytest.mark.integration
ARCHIVE = f"/{HANDLE}?tf-hub-format=compressed"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("hub")
    # More than any buffer on the way holds.
    make_release(root / HANDLE, model=12_000_000)
    return root


@contextmanager
def host(root, *flags):
    process = subprocess.Popen(
        [sys.executable, "-m", "exporter", "serve", f"--release_dir={root}", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def address(process):
    return re.fullmatch(r"Serving 1 model at http://(.*)/\n", process.stdout.readline())[1]


def test_64_clients_at_once(root):
    """Every response whole and right, and no more memory later than at first."""
    result = subprocess.run(
        [sys.executable, "scripts/bench_serve", root, "4"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={"PYTHONPATH": ".", "PATH": ""},
    )
    first, rest = ([*line.split()[-4:]] for line in result.stdout.splitlines()[1:])
    assert int(first[0].replace(",", "")) >= 64
    assert int(rest[0].replace(",", "")) >= 64
    assert (first[2], rest[2]) == ("0", "0")
    # Buffers of 64 connections; the archives of all would be ten times that.
    assert float(rest[3]) < 2.5
    assert float(rest[3]) < 1.25 * float(first[3])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_in_good_order_in_the_middle_of_a_transfer(root, number):
    with host(root, "--port=0") as process:
        there = address(process)
        leaves_early = http.client.HTTPConnection(there, timeout=20)
        leaves_early.request("GET", ARCHIVE)
        leaves_early.getresponse().read(1000)
        leaves_early.close()
        connection = http.client.HTTPConnection(there, timeout=20)
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        connection.request("GET", ARCHIVE)
        answer = connection.getresponse()
        assert len(answer.read(1000)) == 1000
        process.send_signal(number)
        start = time.monotonic()
        assert process.wait(timeout=20) == 128 + number
        assert time.monotonic() - start < 10
        errors = process.stderr.read()
        assert errors == "slim-export: interrupted; nothing is left half-written.\n"
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        connection.close()


def test_a_port_that_is_taken(root, slim_export):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = slim_export("serve", f"--release_dir={root}", f"--port={port}")
    assert result.returncode == 1
    assert result.stderr == (
        f"slim-export: Port {port} of '127.0.0.1' cannot be listened on: Address already in use."
        " Change --port or --host; --port=0 takes a free one.\n"
    )


def test_says_who_can_reach_it_and_what_is_damaged(root, tmp_path):
    release = make_release(tmp_path / "damaged", handle="google/damaged/1")
    (release / "1.md").write_text("other")
    make_release(tmp_path / "good")
    with host(tmp_path, "--port=0", "--host=0.0.0.0") as process:
        assert address(process).startswith("0.0.0.0:")
        process.terminate()
        errors = process.stderr.read().splitlines()
    assert "'1.md' expected sha256" in errors[0]
    assert errors[1] == (
        "slim-export: Host '0.0.0.0' is not the loopback: other machines can read this."
    )
