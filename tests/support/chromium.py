"""Chromium without a window, asked through a pipe what a page shows."""

import fcntl
import json
import os
import shutil
import subprocess
from contextlib import contextmanager

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Whatever the page asked for elsewhere would fail.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class Page:
    """One page, open in a browser."""

    def __init__(self, to, back):
        self._to, self._back, self._count, self._session = to, back, 0, None

    def open(self, url):
        """Opens a page, and waits for its scripts."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.enable")
        self.call("Page.navigate", url=url)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def call(self, method, **parameters):
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]

    def _next(self):
        message = bytearray()
        while (byte := self._back.read(1)) != b"\0":
            assert byte, "the browser ended"
            message += byte
        return json.loads(message)

    def value(self, expression):
        """Evaluates a JavaScript expression, waiting for it if it is a promise."""
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self.call("Runtime.evaluate", **asked)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")


@contextmanager
def page(url, profile):
    """Opens a page; the browser is gone afterwards."""
    assert BROWSER is not None, "in CI the browser has to be there"
    (asked, to), (back, answered) = os.pipe(), os.pipe()
    # It reads from 3 and writes to 4, which may be in use here.
    given = [fcntl.fcntl(number, fcntl.F_DUPFD, 10) for number in (asked, answered)]
    command = [BROWSER, *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        ["bash", "-c", f'exec "$@" 3<&{given[0]} 4>&{given[1]}', "bash", *command],
        stderr=subprocess.DEVNULL,
        pass_fds=given,
    )
    for number in (asked, answered, *given):
        os.close(number)
    try:
        with os.fdopen(to, "wb") as one, os.fdopen(back, "rb") as other:
            opened = Page(one, other)
            opened.open(url)
            yield opened
    finally:
        process.kill()
        process.wait()
