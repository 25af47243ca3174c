"""What clients of the host may cost, and what they are spared."""

import logging
import os
import socket
import time
from asyncio import CancelledError
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from support.releases import HANDLE, make_release

from exporter.releases.serve import connections
from exporter.releases.serve.host import serving

GET_ROOT = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
GET_ARCHIVE = f"GET /{HANDLE}?tf-hub-format=compressed HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def test_a_file_that_changes_while_it_is_sent(tmp_path):
    """Its size and modification time stay, as those of a file that is written in place may."""
    release = make_release(tmp_path / "release", model=20_000_000)
    archive = release / "model.tar.gz"
    with serving(tmp_path) as url, connected(url) as client:
        client.sendall(GET_ARCHIVE)
        received = len(client.recv(1000))
        before = archive.stat()
        with archive.open("r+b") as file:
            file.seek(-5, os.SEEK_END)
            file.write(b"other")
        os.utime(archive, ns=(before.st_atime_ns, before.st_mtime_ns))
        while block := client.recv(1 << 20):
            received += len(block)
        assert received < before.st_size


def connected(url):
    host, port = urlsplit(url).netloc.split(":")
    return socket.create_connection((host, int(port)), timeout=20)


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:1", 200), ("127.0.0.2", 200), ("[::1]:8500", 200), ("elsewhere", 421), ("[", 421)],
)
def test_names_of_other_hosts_are_refused_on_the_loopback(tmp_path, host, status):
    with serving(tmp_path) as url, connected(url) as client:
        client.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert client.recv(100).split()[1] == str(status).encode()


def is_broken_off(client):
    with suppress(ConnectionError):
        while client.recv(10_000):
            pass
    return True


@pytest.mark.parametrize("asked", [b"", b"GET / HTTP/1.1\r\nHo", GET_ROOT + b"GET / HTTP"])
def test_headers_that_never_end(tmp_path, monkeypatch, asked):
    monkeypatch.setattr(connections, "HEADERS_WITHIN", 0.3)
    with serving(tmp_path) as url, connected(url) as client:
        client.sendall(asked)
        assert is_broken_off(client)


def test_an_answer_that_nobody_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(connections, "TAKEN_WITHIN", 0.3)
    make_release(tmp_path / "release", model=20_000_000)
    with serving(tmp_path) as url, connected(url) as client:
        client.sendall(GET_ARCHIVE)
        time.sleep(1)
        received = 0
        with suppress(ConnectionError):
            while block := client.recv(1 << 20):
                received += len(block)
        assert received < 20_000_000


def test_idle_clients_lock_nobody_out(tmp_path, monkeypatch):
    """The longest idle ones go; one that asked before outlives those that never did."""
    monkeypatch.setattr(connections, "most_connections", lambda: 5)
    with serving(tmp_path) as url, ExitStack() as clients:
        honest = clients.enter_context(closing(HTTPConnection(urlsplit(url).netloc, timeout=20)))
        honest.auto_open = 0  # so that it is the same connection
        honest.connect()
        assert answered(honest)
        idle = [clients.enter_context(connected(url)) for _ in range(20)]
        for client in idle:
            with suppress(ConnectionError):
                client.sendall(b"GET / HTTP/1.1\r\nHo")
        assert all(map(is_broken_off, idle[:16]))
        assert answered(honest)


def answered(connection):
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    return answer.status == 200


def test_descriptors_suffice_for_all_connections(monkeypatch):
    for allowed, most in ((1024, 277), (256, 21), (20_000, 512), (100, 8), (-1, 512)):
        monkeypatch.setattr(connections.resource, "getrlimit", lambda _, n=allowed: (n, n))
        assert connections.most_connections() == most


def test_the_log_has_a_line_a_minute(monkeypatch):
    now, log = 0.0, connections.MistakeLog()
    monkeypatch.setattr(connections.time, "monotonic", lambda: now)

    def said(error):
        record = logging.LogRecord("", logging.ERROR, "", 0, "x", (), (None, error, None))
        return record.getMessage() if log.filter(record) else None

    assert said(ValueError("bad\x1b[31m\nline")) == r"Host: ValueError: bad\x1b[31m"
    assert [said(ValueError("again")) for _ in range(1000)] == [None] * 1000
    assert said(CancelledError()) is None
    now = 61.0
    assert said(OSError("full")) == "Host: OSError: full (1000 more since the last such line)"
