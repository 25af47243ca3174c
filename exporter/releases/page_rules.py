"""The rules of TensorFlow Hub's page format for models, and a check of each."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from exporter.errors import PublishError

_TITLE = re.compile(
    r"# Module (?P<publisher>[a-z\d-]+)/(?P<name>[\w.-]+(/[\w.-]+)*)/(?P<version>\d+)", re.ASCII
)
_METADATA = re.compile(r"<!--(?P<key>[\w\s-]+):(?P<value>.+)-->")
_REQUIRED = ("asset-path", "fine-tunable", "format", "task")
_OPTIONAL = ("colab", "dataset", "interactive-visualizer", "language", "license")
_ARCHITECTURE = "network-architecture"
_KNOWN = (*_REQUIRED, *_OPTIONAL, _ARCHITECTURE)
_REPEATABLE = ("dataset", "language", "task", _ARCHITECTURE)
_DOMAINS = ("image-", "text-", "audio-", "video-")

# Of Hub's long lists, what a model of images like these can be.
_VALUES: dict[str, tuple[str, ...]] = {
    "format": ("hub", "saved_model", "saved_model_2"),
    "fine-tunable": ("true", "false"),
    "task": ("image-classification", "image-feature-vector"),
    "dataset": ("imagenet-ilsvrc-2012-cls",),
    _ARCHITECTURE: ("mobilenet-v3",),
    "language": ("en",),
    "license": (
        *("apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc-by-nc-4.0", "cddl-1.0", "custom"),
        *("epl-2.0", "gpl-2.0", "gpl-3.0", "lgpl-2.0", "lgpl-2.1", "lgpl-3.0", "mit", "mpl-2.0"),
    ),
    "interactive-visualizer": ("vision",),
}


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


# What a check yields: a line's number and what is wrong there.
Complaints = Iterator[tuple[int, str]]


def _title(page: Page) -> Complaints:
    found = page.lines[0] if page.lines else ""
    if not _TITLE.fullmatch(found):
        yield 1, f"expected '# Module publisher/name/version', found '{found}'"


def _file_name(page: Page) -> Complaints:
    title = _TITLE.fullmatch(page.lines[0]) if page.lines else None
    if title and page.name != f"{title['version']}.md":
        yield 1, f"expected the page in '{title['version']}.md', found '{page.name}'"


def _description(page: Page) -> Complaints:
    if not page.description:
        yield 2, "expected one paragraph after the title, found none"


def _only_metadata(page: Page) -> Complaints:
    known = {line for line, _, _ in page.metadata}
    for number in page.header:
        text = page.lines[number - 1]
        if text.strip() and number not in known:
            yield number, f"expected '<!-- key: value -->' or nothing, found '{text}'"


def _heading(page: Page) -> Complaints:
    if not page.heading:
        yield len(page.lines), "expected a heading after the metadata, found none"


def _required(page: Page) -> Complaints:
    for key in _REQUIRED:
        if not page.values(key):
            yield page.heading or len(page.lines), f"expected '{key}' before it, found none"


def _known(page: Page) -> Complaints:
    for line, key, _ in page.metadata:
        if key not in _KNOWN:
            yield line, f"expected one of {', '.join(sorted(_KNOWN))}, found '{key}'"


def _repeated(page: Page) -> Complaints:
    for key in (key for key in _KNOWN if key not in _REPEATABLE):
        for line, _ in page.values(key)[1:]:
            yield line, f"expected '{key}' once, found it again"


def _domain(page: Page) -> Complaints:
    for line, value in page.values("task"):
        if not value.startswith(_DOMAINS):
            yield line, f"expected a task that starts with {', '.join(_DOMAINS)}, found '{value}'"


def _value(key: str, page: Page) -> Complaints:
    for line, value in page.values(key):
        if value not in _VALUES[key]:
            yield line, f"expected {key} to be one of {', '.join(_VALUES[key])}, found '{value}'"


def _colab(page: Page) -> Complaints:
    for line, value in page.values("colab"):
        if not value.startswith("https://colab.research.google.com/"):
            yield line, f"expected https://colab.research.google.com/..., found '{value}'"


def _archive(page: Page) -> Complaints:
    for line, value in page.values("asset-path"):
        if not re.fullmatch(r"(https://[^\s<>]+|[\w.-]+)\.tar\.gz", value):
            yield line, f"expected https://... or a name, with .tar.gz at its end, found '{value}'"


def _host(page: Page) -> Complaints:
    for line, value in page.values("asset-path"):
        if re.match(r"(https?://)?([\w-]+\.)*github\.com(/|:|$)", value, re.IGNORECASE):
            yield line, f"expected a host other than github.com, found '{value}'"


@dataclass(frozen=True)
class Rule:
    """A rule of the format.

    Attributes:
        number: As people refer to it.
        title: What holds.
        fix: What to do where it does not.
        check: Yields where a page breaks it, and how.
    """

    number: str
    title: str
    fix: str
    check: Callable[[Page], Complaints] = field(repr=False)


RULES: tuple[Rule, ...] = (
    Rule("P01", "the first line names the model", "Write the handle there.", _title),
    Rule("P02", "the file is called after the version", "Rename it.", _file_name),
    Rule("P03", "a description follows", "Say in one paragraph what it does.", _description),
    Rule("P04", "then come metadata alone", "Move it below the first heading.", _only_metadata),
    Rule("P05", "a heading ends the metadata", "Add one, such as '## Overview'.", _heading),
    Rule("P06", "required keys are there", "Add the line.", _required),
    Rule("P07", "no other keys are there", "Remove the line.", _known),
    Rule("P08", "keys with one value come once", "Remove one of the lines.", _repeated),
    Rule("P09", "the task says what it is about", "Use an image- task.", _domain),
    Rule("P10", "the task is known", "Use another.", partial(_value, "task")),
    Rule("P11", "the format is known", "Use another.", partial(_value, "format")),
    Rule("P12", "fine-tunable is a boolean", "Use another.", partial(_value, "fine-tunable")),
    Rule("P13", "the data set is known", "Use another.", partial(_value, "dataset")),
    Rule("P14", "the architecture is known", "Use another.", partial(_value, _ARCHITECTURE)),
    Rule("P15", "the language is known", "Use another.", partial(_value, "language")),
    Rule("P16", "the licence is known", "Use another.", partial(_value, "license")),
    Rule(
        "P17",
        "the visualizer is known",
        "Use another.",
        partial(_value, "interactive-visualizer"),
    ),
    Rule("P18", "the notebook is on Colab", "Use its address there.", _colab),
    Rule("P19", "the asset is an archive", "Change --asset_path.", _archive),
    Rule("P20", "the archive is not on GitHub", "Change --asset_path.", _host),
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a page breaks.

    Attributes:
        rule: Which.
        line: Where.
        what: Expected and found.
    """

    rule: Rule
    line: int
    what: str

    def __str__(self) -> str:
        """Says it in one sentence, and what to do in another."""
        return f"line {self.line} breaks {self.rule.number}: {self.what}. {self.rule.fix}"


def broken_rules(text: str, name: str) -> tuple[Broken, ...]:
    """Checks a page.

    Args:
        text: Markdown.
        name: Of its file.

    Returns:
        What is wrong, rule by rule; empty if nothing is.
    """
    page = take_apart(text, name)
    return tuple(Broken(rule, line, what) for rule in RULES for line, what in rule.check(page))


def check_page(text: str, name: str) -> None:
    """Refuses a page that breaks a rule.

    Raises:
        PublishError: For the first.
    """
    if broken := broken_rules(text, name):
        raise PublishError(f"Page '{name}' is not in Hub's format: {broken[0]}")
