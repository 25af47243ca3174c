"""Pages in a browser of several widths: no page is wider than its window, no word is broken."""

import os
import time

import pytest
from support import chromium, found_results
from support.releases import HANDLE, make_release

from exporter.bench.page import page_of
from exporter.releases.serve import pages
from exporter.releases.serve.host import open_catalog
from exporter.reports.html import html

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    pytest.mark.xdist_group("widths of pages"),
    pytest.mark.skipif(
        chromium.BROWSER is None and not os.environ.get("CI"),
        reason="needs Chromium, which only root can install with apt",
    ),
]

# Names that are longer may be broken: of variables, files and digests.
LONG = 25
MEASURE = """(() => {
  document.querySelectorAll('details').forEach(part => { part.open = true; });
  const broken = [];
  for (const cell of document.querySelectorAll('td, th')) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const word of texts.currentNode.data.matchAll(/[^\\s/-]+/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
        if (lines.size > 1) broken.push(word[0]);
      }
    }
  }
  return {broken, page: document.documentElement.scrollWidth, window: innerWidth};
})()"""


def quantized():
    """A report of an int8 format, which has the most columns, beside a naive conversion."""
    own = found_results.WRONG.model_copy(
        update={
            "name": "MobilenetV3/expanded_conv_10/squeeze_excite/Conv_1/hard_sigmoid",
            "status": "passed",
            "message": "",
            "cosine": 0.9941,
            "floor": 0.98,
            "noise": 1.25e-6,
            "reason": "eight bits are judged by the angle between outputs",
        }
    )
    naive = own.model_copy(update={"case": "naive, batch 1", "status": "warning", "cosine": 0.7})
    return found_results.report(own, naive, *found_results.EQUAL, allowance="cosine 0.98")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """All kinds of pages, by name."""
    folder = tmp_path_factory.mktemp("pages")
    make_release(folder / "hub/release")
    index = open_catalog(folder / "hub", print).index()
    release = index.releases[HANDLE]
    markdown = release.files["5.md"].path.read_text()
    url = "http://127.0.0.1:8500"
    wrong = (*found_results.EQUAL, found_results.WRONG, found_results.WARNED)
    request = type("Request", (), {"model_dir": found_results.MODEL})
    made = {
        "verification": html(found_results.report(*wrong)),
        "quantized": html(quantized()),
        "benchmark": page_of(found_results.benchmark(request)),
        "listing": pages.listing(index, url),
        "model": pages.model(release, markdown, url),
    }
    for name, page in made.items():
        (folder / f"{name}.html").write_text(page)
    return {name: (folder / f"{name}.html").as_uri() for name in made}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium.page("about:blank", tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def shown(browser, url, width):
    """Opens a page in a window, and measures what is in it."""
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.call("Emulation.setDeviceMetricsOverride", **size)
    browser.call("Page.navigate", url=url)
    deadline = time.monotonic() + 20
    while browser.value("location.href + document.readyState") != f"{url}complete":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return browser.value(MEASURE)


@pytest.mark.parametrize("width", [400, 500, 800, 1280])
@pytest.mark.parametrize("name", ["verification", "quantized", "benchmark", "listing", "model"])
def test_pages_fit_their_windows(browser, written, name, width):
    found = shown(browser, written[name], width)
    assert found["window"] == width
    assert found["page"] <= width
    assert [word for word in found["broken"] if len(word) < LONG] == []


def test_a_broken_word_would_be_noticed(browser, tmp_path):
    """The check above can fail, and a page that is too wide is seen."""
    page = tmp_path / "page.html"
    page.write_text(
        "<table style='width: 40px; overflow-wrap: anywhere'><tr><td>passed</td><td>outputs</td>"
        "</tr></table><p style='width: 900px'>wide</p>"
    )
    found = shown(browser, page.as_uri(), 500)
    assert set(found["broken"]) == {"passed", "outputs"}
    assert found["page"] > 500
