"""What the small servers share: a port of the loopback, a record of requests, faults."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

BREAK = "break the connection"


class Host:
    """A server's state and answers.

    Attributes:
        url: Where it listens.
        requests: Methods and paths, in order.
        fault: Called with a method and path; returns a status, `BREAK`, or None for no fault.
    """

    def __init__(self):
        self.url = ""
        self.requests = []
        self.headers = []
        self.fault = lambda method, path: None

    def answer(self, method, path, query, body):
        """Returns status, headers and body."""
        raise NotImplementedError

    def sent(self, method, part=""):
        """Lists the paths that were asked for with a method."""
        return [path for verb, path in self.requests if verb == method and part in path]


@contextmanager
def running(host):
    """Answers on a free port until the body ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments):
            pass

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            host.requests.append((self.command, self.path))
            host.headers.append(dict(self.headers))
            fault = host.fault(self.command, self.path)
            if fault == BREAK:
                self.close_connection = True
                return
            if fault is not None:
                # A careless host, which repeats what it was sent.
                status, headers, content = fault, {}, str(self.headers).encode()
            else:
                query = parse_qs(parts.query)
                status, headers, content = host.answer(self.command, parts.path, query, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
