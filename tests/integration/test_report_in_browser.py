"""The HTML report in a real browser, without a network: what it shows are the report's numbers."""

import json
import os
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from support import short_network

from exporter.reports.html import number

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    pytest.mark.full,
    pytest.mark.xdist_group("report in a browser"),
    pytest.mark.skipif(
        BROWSER is None and not os.environ.get("CI"),
        reason="needs Chromium, which only root can install with apt",
    ),
]

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Whatever the page asked for would fail.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


@pytest.fixture(scope="module")
def report(slim_export, small_export, tmp_path_factory):
    """A report with differences: an export of other weights against the original graph."""
    folder = tmp_path_factory.mktemp("browser")
    result = slim_export(
        "verify",
        f"--model_dir={small_export}",
        "--checkpoint=seeded:1",
        f"--variant={short_network.VARIANT}",
        "--task=feature_vector",
        f"--report_dir={folder / 'report'}",
    )
    assert result.returncode == 1, result.stderr
    return folder / "report"


def browse(report, *flags):
    assert BROWSER is not None, "in CI the browser has to be there"
    profile = f"--user-data-dir={report.parent / 'profile'}"
    result = subprocess.run(
        [BROWSER, *QUIET, profile, *flags, (report / "report.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


class Page(HTMLParser):
    """Collects the cells of the rows that stand for checks, and what else there is."""

    def __init__(self):
        super().__init__()
        self.rows, self.tags, self.asked_for = [], [], []
        self._cells = None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        self.asked_for += [given[key] for key in ("src", "href") if key in given]
        if tag == "tr" and "data-status" in given:
            self._cells = []
            self.rows.append((given, self._cells))
        elif tag == "tr":
            self._cells = None
        elif tag == "td" and self._cells is not None:
            self._cells.append("")

    def handle_data(self, data):
        if self._cells:
            self._cells[-1] += data.strip()


def test_the_page_shows_the_reports_numbers(report):
    page = Page()
    page.feed(browse(report, "--dump-dom"))
    checks = json.loads((report / "report.json").read_text())["checks"]
    shown = {(g["data-group"], g["data-name"], g["data-case"]): cells for g, cells in page.rows}
    assert len(shown) == len(checks)
    for check in checks:
        title, status, values, differing, error, relative, ulp, noise, allowed, _ = shown[
            check["group"], check["name"], check["case"]
        ]
        assert check["name"] in title
        assert status == check["status"]
        assert (values, differing) == (number(check["values"]), number(check["differing"]))
        measured = [check[key] for key in ("max_abs", "max_rel", "max_ulp", "noise", "allowance")]
        assert [error, relative, ulp, noise, allowed] == [number(value) for value in measured]


def test_it_opens_offline_and_has_all_figures(report):
    page = Page()
    page.feed(browse(report, "--dump-dom"))
    assert page.tags.count("svg") == 3  # errors and noise, ULP, features
    assert "script" not in page.tags
    assert page.tags.count("img") == 7  # the probes
    assert all(value.startswith("data:image/jpeg;base64,") for value in page.asked_for)
    assert (report / "report.html").stat().st_size < 2_000_000


def test_something_is_painted(report):
    from exporter import quiet

    quiet.import_tensorflow()
    import tensorflow as tf

    picture = report.parent / "page.png"
    browse(report, f"--screenshot={picture}", "--window-size=1200,2400")
    pixels = tf.io.decode_png(picture.read_bytes(), channels=3).numpy()
    assert pixels.shape == (2400, 1200, 3)
    assert pixels.reshape(-1, 3).std() > 20
    # The failed verdict is red, and nothing else is so red.
    red = (pixels[..., 0] > 150) & (pixels[..., 1] < 60) & (pixels[..., 2] < 60)
    assert red.sum() > 100
