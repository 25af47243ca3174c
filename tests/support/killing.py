"""Kills commands at random times, and looks at what they leave."""

import os
import random
import shutil
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

from exporter.digests import of_folder
from exporter.staging import REPORT_FILES

PORT = 8577
VARIANT = "--variant=mobilenet_v3_small_minimalistic_100_224"  # whose archive has no known sha256
ARCHIVE = "v3-small-minimalistic_224_1.0_float.tgz"
NETWORK = f"{VARIANT} --task=feature_vector --image_size=32 --checkpoint=seeded:0"
# In an order in which each finds what it needs; and what each writes.
COMMANDS = {
    "export": (f"export {NETWORK} --output_dir=model --overwrite", "model"),
    "verify": (f"verify {NETWORK} --model_dir=model --report_dir=report", "report"),
    "convert": ("convert --model_dir=model --format=tflite --output_dir=c --overwrite", "c/tflite"),
    "package": ("package --model_dir=model --handle=a/b/1 --output_dir=p --overwrite", "p"),
    "publish": ("publish --release=p --to=hub --overwrite", "hub/a/b/1"),
    "fetch": (f"fetch {VARIANT} --mirror=http://127.0.0.1:{PORT} --cache_dir=f", f"f/{ARCHIVE}"),
}
# By which processes of ours are known; none may be called as those of other runs are.
MARK = "SLIM_EXPORT_CACHE_DIR"
# Seconds for a process that starts to see that it is alone.
PATIENCE = 10.0
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@dataclass(frozen=True)
class Killed:
    """What a kill left.

    Attributes:
        command: Which was killed.
        after: Seconds that it had run; None if it had ended by then.
        state: "old", "new", or "neither".
        left: Processes that lived on.
    """

    command: str
    after: float | None
    state: str
    left: tuple[str, ...]


class Place:
    """A folder in which every command has run once."""

    def __init__(self, folder, seed=0):
        self.folder, self.draw = folder, random.Random(seed)
        (folder / "index").write_bytes(self.draw.randbytes(1 << 25))
        with tarfile.open(folder / ARCHIVE, "w:gz") as tar:
            tar.add(folder / "index", "x/ema/model-498000.index")
        server = [sys.executable, "-m", "http.server", str(PORT), "--bind=127.0.0.1"]
        self.mirror = subprocess.Popen(server, cwd=folder, **SILENT)
        time.sleep(1)
        self.seconds = {name: self.completed(name) for name in COMMANDS}
        self.whole = {name: self.state(name) for name in COMMANDS}

    def start(self, name):
        command = [sys.executable, "-m", "exporter", *COMMANDS[name][0].split()]
        environment = {**os.environ, MARK: str(self.folder / "cache")}
        return subprocess.Popen(command, cwd=self.folder, env=environment, **SILENT)

    def completed(self, name):
        """Runs a command to its end; returns how many seconds it took."""
        start = time.monotonic()
        assert self.start(name).wait(timeout=300) == 0, name
        return time.monotonic() - start

    def state(self, name):
        """Describes what a command has written; None for nothing. Reports tell the time."""
        written = self.folder / COMMANDS[name][1]
        if not os.path.lexists(written):
            return None
        if written.is_file():
            return written.stat().st_size
        names = sorted(path.relative_to(written).as_posix() for path in written.rglob("*"))
        return names, of_folder(written, REPORT_FILES)

    def kill(self, name):
        """Starts a command, on what is there or on nothing, and kills it after a random time."""
        written = self.folder / COMMANDS[name][1]
        if self.draw.random() < 0.5:
            written.unlink() if written.is_file() else shutil.rmtree(written, ignore_errors=True)
        before, after = self.state(name), self.draw.uniform(0, self.seconds[name])
        process = self.start(name)
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.kill()
        ended = process.wait() >= 0
        left = self.lives_on()
        found = self.state(name)
        if found is None:
            self.completed(name)  # others need it
        state = "old" if found == before else "new" if found == self.whole[name] else "neither"
        return Killed(name, None if ended else after, state, left)

    def lives_on(self):
        """Returns what runs though the command is gone; what had just begun gets time to see it."""
        end = time.monotonic() + PATIENCE
        while (left := tuple(self.alive())) and time.monotonic() < end:
            time.sleep(0.2)
        return left

    def alive(self):
        """Yields what still runs of ours."""
        mark = f"{MARK}={self.folder / 'cache'}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    yield process.name
            except OSError:
                continue  # it has ended

    def close(self):
        """Runs every command once more, which no lock may hinder; tells time and left-overs."""
        again = {name: self.completed(name) for name in COMMANDS}
        self.mirror.terminate()
        self.mirror.wait()
        left = [path.name for path in self.folder.rglob(".*.part")]
        return again, left
