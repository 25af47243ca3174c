"""What a person's browser gets to see. Everything that comes from a release is escaped."""

import re
from functools import cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader
from markdown_it import MarkdownIt

from exporter.releases.manifest import ARCHIVE, CONTRACT, MANIFEST, REPORT_PAGE
from exporter.releases.page_code import served_from
from exporter.releases.serve.index import Index, ServedRelease

# Nothing may run, and nothing may be fetched from elsewhere; reports draw with inline styles.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; sandbox allow-popups"
)
_LINKS = {"report": REPORT_PAGE, "manifest": MANIFEST, "contract": CONTRACT, "archive": ARCHIVE}
_METADATA = re.compile(r"^<!--.*-->$\n?", re.MULTILINE)


def listing(index: Index, base_url: str) -> str:
    """Writes the page of all models.

    Args:
        index: What there is.
        base_url: Where it was asked for.
    """
    return _render(
        "listing.html.j2",
        releases=sorted(index.releases.items()),
        damaged=index,
        report=REPORT_PAGE,
        base_url=base_url,
    )


def model(release: ServedRelease, markdown: str, base_url: str) -> str:
    """Writes the page of one model.

    Args:
        release: What is served of it.
        markdown: Its page.
        base_url: Where it was asked for; written into a page that leaves it open.

    Returns:
        HTML. Tags in the page are shown as text.
    """
    handle = release.manifest.handle
    links = {**_LINKS, "page": release.manifest.page_name}
    return _render(
        "model.html.j2",
        handle=handle,
        manifest=release.manifest,
        links={
            title: f"/{handle}/{quote(name)}"
            for title, name in links.items()
            if name in release.files
        },
        body=_markdown().render(_METADATA.sub("", served_from(markdown, base_url))),
    )


@cache
def _markdown() -> MarkdownIt:
    # "js-default" shows HTML as text, and its links may not be scripts or data.
    return MarkdownIt("js-default", {"html": False, "linkify": False}).disable("image")


def _render(template: str, **values: object) -> str:
    page: str = _templates().get_template(template).render(**values)
    return page


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("exporter.releases.serve", "."), autoescape=True, trim_blocks=True
    )
