"""The README and the topics of `slim-export help` name what there is."""

import re

import pytest
from support.command_line import ROOT
from support.documents import blocks, documents, rows, spans, written
from support.readers import DOES, NOT_RUN, not_run

from checkpoints import catalog
from exporter.cli.parser import _parser
from exporter.converters.format_table import FORMATS
from exporter.quiet import LEAST_ADDRESSES
from exporter.releases import page_limits, rehearsal
from exporter.releases.serve import connections
from exporter.verifier.subjects.examples import FULL
from exporter.verifier.subjects.probes import PROBES
from slim_nets.registry import MAX_DEPTH_MULTIPLIER, variants

PROGRAM = re.compile(r"(?:\.venv/bin/)?slim-export (.*)")
FLAG = re.compile(r"(?<![\w-])--(\w[\w-]*)")
OF_OTHERS = {"no-deps"}  # pip's
LINK = re.compile(r"\]\(([^)\s]+)\)")
OURS = ("toy_", "short_")  # networks of tests


def parser_of(words):
    """Finds the command that some words begin with: its parser, and the words that follow."""
    parser, words = _parser(), list(words)
    while words and words[0] in (choices := choices_of(parser)):
        parser = choices[words.pop(0)]
    return parser, words


def choices_of(parser):
    actions = [action for action in parser._actions if isinstance(action.choices, dict)]
    return actions[0].choices if actions else {}


def flags_of(parser):
    own = {name for action in parser._actions for name in action.option_strings}
    return own.union(*(flags_of(inner) for inner in choices_of(parser).values()))


def commands(text):
    """Finds our command lines, in blocks and in sentences, with their flags; not what is Beam's."""
    shell = "\n".join(block.text for block in blocks(text) if block.language in ("bash", "yaml"))
    lines = [*shell.replace("\\\n", " ").splitlines(), *spans(text)]
    for line in lines:
        for found in PROGRAM.findall(re.sub(r"#.*", "", line)):
            yield found.rstrip(')"').partition(" -- ")[0]


@pytest.mark.parametrize("name", documents())
def test_every_block_is_run_or_it_is_said_why_not(name):
    for block in blocks(documents()[name]):
        assert block.file or block.language in DOES or not_run(block), block


def test_what_is_said_not_to_be_run_is_there():
    texts = [block.text for text in documents().values() for block in blocks(text)]
    for begin, why in NOT_RUN.items():
        assert [text for text in texts if text.startswith(begin)], begin
        for named in re.findall(r"tests/\S+\.py", why):
            assert (ROOT / named).is_file()


def test_a_block_in_no_language_would_be_noticed():
    """The check above can fail."""
    (block,) = blocks("```\nls\n```\n")
    assert not block.file
    assert block.language not in DOES
    assert not_run(block) is None


@pytest.mark.parametrize("name", documents())
def test_commands_and_their_flags_are_there(name):
    for line in commands(documents()[name]):
        parser, words = parser_of(line.split())
        if parser.prog.endswith(" help"):
            assert set(words) <= {"COMMAND", "TOPIC", *choices_of(_parser()), *documents()}, line
            continue
        assert not choices_of(parser), line
        assert {f"--{flag}" for flag in FLAG.findall(line)} <= flags_of(parser), line


@pytest.mark.parametrize("name", documents())
def test_flags_in_sentences_are_there(name):
    known = flags_of(_parser()) | {f"--{flag}" for flag in OF_OTHERS}
    for span in spans(documents()[name]):
        if span.startswith("--"):
            own = span.partition("-- ")[0]  # what follows is Beam's
            assert {f"--{flag}" for flag in FLAG.findall(own)} <= known, span


@pytest.mark.parametrize("name", documents())
def test_programs_of_the_project_are_there(name):
    for program in re.findall(r"scripts/\w+(?:\.py)?", documents()[name]):
        assert (ROOT / program).is_file(), program


def test_links_lead_somewhere():
    """Those of the README; topics have none, which a terminal could not follow."""
    for name, text in documents().items():
        links = [link for link in LINK.findall(text) if not link.startswith("https://")]
        assert name == "README" or not links
        for link in links:
            path, _, anchor = link.partition("#")
            place = ROOT / path if path else ROOT / "README.md"
            assert place.is_file(), link
            assert not anchor or anchor in anchors(place.read_text("utf-8")), link


def anchors(text):
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def each_name(cell):
    """Names the variants of a row: `a_{1,2}_x` are `a_1_x` and `a_2_x`."""
    found = re.fullmatch(r"(.*)\{(.*)\}(.*)", cell)
    return [f"{found[1]}{n}{found[3]}" for n in found[2].split(",")] if found else [cell]


def test_the_table_of_networks_is_the_registry():
    told = rows(written("networks"), "| variants |")
    names = [name for cell, *_ in told for name in each_name(cell)]
    assert sorted(names) == sorted(name for name in variants() if not name.startswith(OURS))
    for cell, parameters, published in told:
        for variant in (variants()[name] for name in each_name(cell)):
            tasks = ("feature_vector", "classification")
            counted = [f"{variant.shape(task).parameters:,}" for task in tasks]
            assert parameters == " / ".join(counted), variant.name
            row = catalog.for_variant(variant.name)
            assert published.startswith("yes") == (row is not None), variant.name
            assert ("on Hub" in published) == bool(row and row.hub_handle) or "other" in published


def test_the_table_of_formats_is_that_of_the_converter():
    told = {cells[0].partition("`")[2].partition("`")[0]: cells for cells in format_rows()}
    assert set(told) == set(FORMATS)
    for name, (_, extra, *_) in told.items():
        assert extra.strip("`") == FORMATS[name].extra
    # In the words of the changelog.
    assert (len(FORMATS), "writes ten other formats" in documents()["README"]) == (10, True)


def format_rows():
    return [row for row in rows(written("formats"), "| format, file |") if row[0].startswith("`")]


def test_the_floors_of_formats_are_those_of_the_converter():
    text = " ".join(written("formats").split())
    least = {row.floor for row in FORMATS.values()} - {None}
    told = re.search(r"must be at least ([\d.]+) \(float16: ([\d.]+)\)", text).groups()
    assert {float(number) for number in told} == least
    assert FORMATS["tflite_fp16"].floor == float(told[1])


def stated():
    """Yields what topics state of numbers that stand in the code."""
    *momenta, last = (f"{momentum:g}" for momentum in FULL.momenta)
    *batches, largest = map(str, FULL.batch_sizes)
    yield "comparison", f"at momentum {', '.join(momenta)} and {last} "
    yield "comparison", f"at batch {', '.join(batches)} and {largest},"
    yield "formats", f"at batch {', '.join(batches)} and {largest},"
    yield "comparison", f"on {('five', 'six', 'seven', 'eight')[len(PROBES) - 5]} made-up inputs"
    yield "publishing", f"incomplete after {connections.HEADERS_WITHIN:.0f} seconds"
    yield "publishing", f"at most {connections._MOST} connections"
    yield "trust", f"for {rehearsal.TIMEOUT / 60:.0f} minutes at most"
    yield "trust", f"no file of more than {page_limits.MAX_BYTES >> 30} GiB"
    yield "limits", f"needs {LEAST_ADDRESSES >> 30} GiB of addresses"
    yield "networks", f"(above 0, at most {MAX_DEPTH_MULTIPLIER:g})"


def test_numbers_in_sentences_are_those_of_the_code():
    for topic, sentence in stated():
        assert sentence in " ".join(written(topic).split()), sentence
