"""The rules of TensorFlow Hub's page format for models, and a check of each.

Pages that are packaged can break them by what users give: the handle, where
the archive is, the words of a network of theirs. Pages of others' releases, and
those that were changed, can break any.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.errors import PublishError

_TITLE = re.compile(
    r"# Module (?P<publisher>[a-z\d-]+)/(?P<name>[\w.-]+(/[\w.-]+)*)/(?P<version>\d+)", re.ASCII
)
_METADATA = re.compile(r"<!--(?P<key>[\w\s-]+):(?P<value>.+)-->")
_TASK = "task"
_REQUIRED = ("asset-path", "fine-tunable", "format", _TASK)
_OPTIONAL = ("colab", "dataset", "interactive-visualizer", "language", "license")
_ARCHITECTURE = "network-architecture"
_KNOWN = (*_REQUIRED, *_OPTIONAL, _ARCHITECTURE)
_REPEATABLE = ("dataset", "language", "task", _ARCHITECTURE)

# Of Hub's long lists, what a model of images like these can be; by rule and key.
_VALUES: dict[tuple[str, str], tuple[str, ...]] = {
    ("P10", "task"): ("image-classification", "image-feature-vector"),
    ("P11", "format"): ("hub", "saved_model", "saved_model_2"),
    ("P12", "fine-tunable"): ("true", "false"),
    ("P13", "dataset"): ("imagenet-ilsvrc-2012-cls",),
    ("P15", "language"): ("en",),
    ("P16", "license"): (
        *("apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc-by-nc-4.0", "cddl-1.0", "custom"),
        *("epl-2.0", "gpl-2.0", "gpl-3.0", "lgpl-2.0", "lgpl-2.1", "lgpl-3.0", "mit", "mpl-2.0"),
    ),
    ("P17", "interactive-visualizer"): ("vision",),
}
# Values that have a form: what it is called, and what it is; by rule and key.
_FORMS: dict[tuple[str, str], tuple[str, str]] = {
    ("P14", _ARCHITECTURE): ("lower-case words with hyphens", r"[a-z\d]+(-[a-z\d]+)*"),
    ("P18", "colab"): (
        "https://colab.research.google.com/...",
        r"https://colab\.research\.google\.com/.*",
    ),
    ("P19", "asset-path"): (
        "https://... or a name, with .tar.gz at its end",
        r"(https://[^\s<>]+|[\w.-]+)\.tar\.gz",
    ),
    ("P20", "asset-path"): (
        "a host other than github.com",
        r"(?i)(?!(https?://)?([\w-]+\.)*github\.com(/|:|$)).*",
    ),
}
# What to do where a rule is broken.
_FIXES = {
    "P01": "Write the handle there.",
    "P02": "Rename it.",
    "P03": "Say in one paragraph what it does.",
    "P04": "Move it below the first heading.",
    "P05": "Add one, such as '## Overview'.",
    "P06": "Add the line.",
    "P07": "Remove the line.",
    "P08": "Remove one of the lines.",
    **dict.fromkeys((rule for rule, _ in _VALUES), "Use another."),
    "P14": "Use another.",
    "P18": "Use its address there.",
    "P19": "Change --asset_path.",
    "P20": "Change --asset_path.",
}
RULES = tuple(_FIXES)


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that a page breaks.

    Attributes:
        rule: Its number, as people refer to it.
        line: Where.
        what: Expected and found.
    """

    rule: str
    line: int
    what: str

    def __str__(self) -> str:
        """Says it in one sentence, and what to do in another."""
        return f"line {self.line} breaks {self.rule}: {self.what}. {_FIXES[self.rule]}"


@dataclass(frozen=True)
class Page:
    """A page, taken apart.

    Attributes:
        name: Of its file.
        lines: All of them.
        description: Number of the line where it begins, from 1 on; 0 if there is none.
        header: Numbers of the lines after the description up to the first heading.
        heading: Number of that heading's line; 0 if there is none.
        metadata: Line number, key and value.
    """

    name: str
    lines: tuple[str, ...]
    description: int = 0
    header: tuple[int, ...] = ()
    heading: int = 0
    metadata: tuple[tuple[int, str, str], ...] = ()

    def values(self, key: str) -> list[tuple[int, str]]:
        """Returns the lines and values of a key."""
        return [(line, value) for line, found, value in self.metadata if found == key]


def take_apart(text: str, name: str) -> Page:
    """Reads a page; what is wrong with it is the rules' to say.

    Args:
        text: Markdown.
        name: Of its file.
    """
    lines = tuple(text.splitlines())
    numbered = list(enumerate(lines, start=1))
    heading = next((n for n, line in numbered[1:] if line.startswith("#")), 0)
    before = [(n, line) for n, line in numbered[1:] if not heading or n < heading]
    begin = next((n for n, line in before if line.strip()), 0)
    if begin > 3 or (begin and lines[begin - 1].startswith("<!--")):
        begin = 0
    end = begin or 1
    while begin and end < len(lines) and lines[end].strip() and not _METADATA.match(lines[end]):
        end += 1
    header = tuple(n for n, _ in before if n > end)
    matches = [(n, _METADATA.fullmatch(lines[n - 1].strip())) for n in header]
    metadata = tuple((n, m["key"].strip(), m["value"].strip()) for n, m in matches if m)
    return Page(name, lines, begin, header, heading, metadata)


def _title(page: Page) -> Iterator[BrokenRule]:
    found = page.lines[0] if page.lines else ""
    title = _TITLE.fullmatch(found)
    if not title:
        what = f"expected '# Module publisher/name/version', found '{found}'"
        yield BrokenRule("P01", 1, what)
    elif page.name != f"{title['version']}.md":
        what = f"expected the page in '{title['version']}.md', found '{page.name}'"
        yield BrokenRule("P02", 1, what)


def _before_the_text(page: Page) -> Iterator[BrokenRule]:
    if not page.description:
        yield BrokenRule("P03", 2, "expected one paragraph after the title, found none")
    known = {line for line, _, _ in page.metadata}
    for number in page.header:
        text = page.lines[number - 1]
        if text.strip() and number not in known:
            what = f"expected '<!-- key: value -->' or nothing, found '{text}'"
            yield BrokenRule("P04", number, what)
    if not page.heading:
        what = "expected a heading after the metadata, found none"
        yield BrokenRule("P05", len(page.lines), what)


def _keys(page: Page, *, has_task: bool) -> Iterator[BrokenRule]:
    for key in _REQUIRED:
        if not page.values(key) and (has_task or key != _TASK):
            line = page.heading or len(page.lines)
            yield BrokenRule("P06", line, f"expected '{key}' before it, found none")
    for line, key, _ in page.metadata:
        if key not in _KNOWN:
            what = f"expected one of {', '.join(sorted(_KNOWN))}, found '{key}'"
            yield BrokenRule("P07", line, what)
    for key in (key for key in _KNOWN if key not in _REPEATABLE):
        for line, _ in page.values(key)[1:]:
            yield BrokenRule("P08", line, f"expected '{key}' once, found it again")


def _values(page: Page) -> Iterator[BrokenRule]:
    for (rule, key), values in _VALUES.items():
        for line, value in page.values(key):
            if value not in values:
                what = f"expected {key} to be one of {', '.join(values)}, found '{value}'"
                yield BrokenRule(rule, line, what)
    for (rule, key), (form, pattern) in _FORMS.items():
        for line, value in page.values(key):
            if not re.fullmatch(pattern, value):
                yield BrokenRule(rule, line, f"expected {form}, found '{value}'")


def broken_rules(text: str, name: str, *, has_task: bool = True) -> tuple[BrokenRule, ...]:
    """Checks a page.

    Args:
        text: Markdown.
        name: Of its file.
        has_task: Whether the model's task is known; else the page need not say it.

    Returns:
        What is wrong, rule by rule; empty if nothing is.
    """
    page = take_apart(text, name)
    return (*_title(page), *_before_the_text(page), *_keys(page, has_task=has_task), *_values(page))


def check_page(text: str, name: str, *, has_task: bool = True) -> None:
    """Refuses a page that breaks a rule; arguments as in `broken_rules`.

    Raises:
        PublishError: For the first.
    """
    if broken := broken_rules(text, name, has_task=has_task):
        raise PublishError(f"Page '{name}' is not in Hub's format: {broken[0]}")
