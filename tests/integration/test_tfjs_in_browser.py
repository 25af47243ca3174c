"""A page in a real browser, without a network: its numbers are Python's."""

import json
import os
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from support import chromium, converted, nodejs

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

from exporter import photos  # noqa: E402
from exporter.converters.formats import tfjs  # noqa: E402
from exporter.converters.source_model import source_of  # noqa: E402
from exporter.converters.tfjs.tfjs_runtime import runtime  # noqa: E402

pytestmark = [
    *(pytest.mark.integration, pytest.mark.browser, pytest.mark.published, nodejs.needed),
    pytest.mark.skipif(
        chromium.BROWSER is None and not os.environ.get("CI"),
        reason="needs Chromium, which only root can install with apt",
    ),
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def source(published_model):
    return source_of(published_model)


@pytest.fixture(scope="module")
def images(shared):
    """The photographs by name, at the model's size and in whole steps, as a page has them."""
    paths = sorted((shared / "photos").glob("*.jpg"))
    pixels = np.round(photos.read(paths, (224, 224)) * 255).astype(np.uint8)
    return {f"{path.stem}.png": image for path, image in zip(paths, pixels, strict=True)}


@pytest.fixture(scope="module")
def site(source, images, tmp_path_factory):
    """Serves the page with the model and the photographs on this machine alone."""
    root = tmp_path_factory.mktemp("site")
    (root / "index.html").symlink_to(Path(__file__).with_name("tfjs_page.html"))
    (root / "runtime").symlink_to(runtime())
    for name in ("model", "photographs"):
        (root / name).mkdir()
    tfjs.convert(source, root / "model/model.json", converted.asked())
    for name, image in images.items():
        (root / "photographs" / name).write_bytes(tf.io.encode_png(image).numpy())
    (root / "photographs.json").write_text(json.dumps(list(images)))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def expected(source, images):
    inputs = np.stack(list(images.values())).astype(np.float32) / 255
    (features,) = source.expected([inputs]).values()
    return dict(zip(images, features, strict=True))


@pytest.fixture(scope="module")
def page(site, tmp_path_factory):
    with chromium.page(site, tmp_path_factory.mktemp("profile")) as opened:
        assert opened.value("ready") == "wasm"
        yield opened


def test_its_numbers_are_pythons(page, expected):
    found = page.value("results")
    assert list(found) == list(expected)
    for name, features in expected.items():
        assert np.abs(found[name] - features).max() < 1e-5 * np.abs(features).max()


def test_other_pixels_are_seen(page, expected):
    """What is compared above would not pass for any image."""
    one, other, *_ = expected.values()
    assert np.abs(one - other).max() > 1e-2 * np.abs(one).max()


def test_it_shows_the_nearest_photographs_of_the_picked_one(page, expected):
    unit = {name: value / np.linalg.norm(value) for name, value in expected.items()}
    for picked in ("cat.png", "burger.png"):
        page.value(f"document.querySelector('img[title=\"{picked}\"]').click()")
        shown = page.value("document.getElementById('answer').innerText").splitlines()
        near = {name: float(unit[picked] @ unit[name]) for name in expected if name != picked}
        ranked = sorted(near, key=lambda name: -near[name])
        assert [line.split(":")[0] for line in shown] == ranked
        values = [float(re.search(r"[-\d.]+$", line)[0]) for line in shown]
        np.testing.assert_allclose(values, [near[name] for name in ranked], atol=6e-5)
        assert page.value("document.querySelector('.picked').title") == picked
