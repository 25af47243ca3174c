"""Servers on the loopback, each of which misbehaves in a way of its own."""

import hashlib
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """Serves CONTENT; each request is answered by the next behaviour, the last one for ever."""

    def __init__(self, *behaviours):
        self.requests = []
        self._behaviours = list(behaviours)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append(self.headers.get("Range"))
                behaviours = outer._behaviours
                (behaviours.pop(0) if len(behaviours) > 1 else behaviours[0])(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/x.tgz"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01])
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def head(handler, start=None, content=CONTENT, etag='"v1"'):
    if start is None:
        handler.send_response(200)
    else:
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    handler.send_header("Content-Length", str(len(content) - (start or 0)))
    handler.send_header("ETag", etag)
    handler.end_headers()


def start_of(handler):
    text = handler.headers.get("Range")
    return int(text.removeprefix("bytes=").removesuffix("-")) if text else None


def good(handler):
    start = start_of(handler)
    head(handler, start)
    handler.wfile.write(CONTENT[start or 0 :])


def drops_after(count):
    def behave(handler):
        start = start_of(handler)
        head(handler, start)
        handler.wfile.write(CONTENT[start or 0 :][:count])
        handler.close_connection = True

    return behave


def stalls(handler):
    head(handler, start_of(handler))
    handler.wfile.flush()
    time.sleep(1)


def says(status):
    def behave(handler):
        handler.send_error(status)

    return behave


def ignores_ranges(handler):
    head(handler)
    handler.wfile.write(CONTENT)


def sends_other(handler):
    other = CONTENT[::-1]
    head(handler, content=other)
    handler.wfile.write(other)


def sends_wrong_part(handler):
    head(handler, 5)


def says_length(text, sent=1000):
    def behave(handler):
        handler.send_response(200)
        if text:
            handler.send_header("Content-Length", text)
        handler.end_headers()
        handler.wfile.write(CONTENT[:sent])
        handler.close_connection = True

    return behave


def says_range(text):
    def behave(handler):
        handler.send_response(206)
        handler.send_header("Content-Range", text)
        handler.end_headers()
        handler.wfile.write(CONTENT[1000:])
        handler.close_connection = True

    return behave


def redirects(to):
    def behave(handler):
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.end_headers()

    return behave


def endless(handler, status=200, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    with suppress(ConnectionError):
        while True:
            handler.wfile.write(bytes(1 << 16))
