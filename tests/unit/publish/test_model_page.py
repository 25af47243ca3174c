"""Pages of all published models: in Hub's format, and true."""

import itertools
from dataclasses import replace

import pytest
from support.command_line import ROOT

from checkpoints import catalog
from exporter.oldest_runtimes import OLDEST
from exporter.releases import handle
from exporter.releases.model_facts import model_facts
from exporter.releases.model_page import model_page, sibling
from exporter.releases.network_model import NetworkModel
from exporter.releases.page_code import code_blocks, loads, localized, served_from
from exporter.releases.page_rules import broken_rules
from slim_nets.network import TASKS
from slim_nets.registry import resized, variants

PAPERS = {"v1": "1704.04861", "v2": "1801.04381", "v3": "1905.02244"}
FLOAT = [row for row in catalog.checkpoints() if (row.variant or "").startswith("mobilenet")]
ALL = list(itertools.product(FLOAT, TASKS))
SMALL = "mobilenet_v3_small_075_224"


@pytest.mark.parametrize(("row", "task"), ALL, ids=lambda value: getattr(value, "name", value))
def test_published_models(page_request, row, task):
    """All that FACTS says of the published pages, and the same of the two minimalistic networks."""
    variant = variants()[row.variant]
    _, number, *_ = variant.family.split("_")
    hub = "https://models.example.org/hub"
    page = model_page(page_request(row.prefix, variant=variant, task=task, base_url=hub))
    assert broken_rules(page, "5.md") == ()
    lines = page.splitlines()
    assert lines[0] == f"# Module google/imagenet/{variant.name}/{task}/5"
    assert "trained on ImageNet (ILSVRC-2012-CLS)" in lines[2]
    assert "NOT TRAINED" not in page
    features = task == "feature_vector"
    colab = "tf2_image_retraining" if features else "image_classification"
    for line in (
        "<!-- dataset: imagenet-ilsvrc-2012-cls -->",
        "<!-- fine-tunable: true -->",
        "<!-- format: saved_model_2 -->",
        "<!-- task: " + ("image-feature-vector -->" if features else "image-classification -->"),
        f"<!-- network-architecture: mobilenet-{number} -->",
    ):
        assert line in lines
    assert f"/{colab}.ipynb -->" in page
    for text in (
        f"`{row.prefix}`",
        f"https://arxiv.org/abs/{PAPERS[number]}",
        f"{variant.image_size} x {variant.image_size} pixels",
        f"model.build([None, {variant.image_size}, {variant.image_size}, 3])",
        "momentum 0.99 unless",
        "batch_norm_momentum=0.997",
        "#### Version 5",
        "Initial release.",
        f"{variant.shape(task).parameters:,} parameters",
        f"at depth multiplier {variant.depth_multiplier:g}",
    ):
        assert text in page
    free = number == "v1"
    assert ("are fixed to" in page) == (not free)
    assert ("by default, but other sizes are possible, from\n32 pixels on" in page) == free
    (size,) = variant.shape("feature_vector").output
    assert (f"`num_features` = {size}" in page) == features
    assert ("`num_classes` = 1001" in page) == (not features)
    assert ("class 0 is the background" in page) == (not features)
    assert ("may overfit" in page) == (not features)
    narrowed = "cut off to a whole number" if free else "multiple of 8"
    assert (narrowed in page) == (variant.depth_multiplier < 1)
    other = "classification" if features else "feature_vector"
    assert f"({hub}/google/imagenet/{variant.name}/{other}/5)" in page
    assert f'hub.KerasLayer("{hub}/google/imagenet/{variant.name}/{task}/5"' in page
    assert f"It is loaded from `{hub}`." in page


FAMILIES = {
    "mobilenet_v1_025_128": (
        "128 x 128 | 0.25 | 41.5 | 14 | 218,544",
        "224 x 224 | 1.0 | 70.9 | 569 | 3,228,864",
    ),
    "mobilenet_v2_140_224": (
        "96 x 96 | 0.35 | 45.5 | 11 | 4.5 | 410,208",
        "224 x 224 | 1.4 | 75.0 | 582 | 138.0 | 4,363,712",
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_tables_of_other_families(page_request, name):
    page = model_page(page_request(variant=variants()[name]))
    for row in FAMILIES[name]:
        assert f"\n{row}\n" in page
    sizes = [named for named in variants() if named.startswith(name[:12])]
    assert len([line for line in page.splitlines() if " x " in line and " | " in line]) == len(
        sizes
    )


def test_family_table(page_request):
    page = model_page(page_request())
    for row in (
        "Large | 1.0 | 75.2 | 51.2 | 61 | 44 | 4,226,432",
        "Large | 0.75 | 73.3 | 39.8 | 48 | 34 | 2,731,616",
        "Small | 1.0 | 67.5 | 15.8 | 19.4 | 14.4 | 1,529,968",
        "Small | 0.75 | 65.4 | 12.8 | 15.9 | 11.6 | 1,026,552",
        "Large minimalistic | 1.0 | 72.3 | 44.1 | 51 | 35 | 2,667,688",
        "Small minimalistic | 1.0 | 61.9 | 12.2 | 15.1 | 11 | 1,031,848",
    ):
        assert f"\n{row}\n" in page
    assert "34 ms" in page
    assert "32 ms" in page


def test_what_a_model_says_of_its_weights(page_request):
    request = page_request("model.ckpt-9")
    assert "They are weights" not in model_page(request)
    facts = replace(request.facts, description="weights of a float model that was none")
    page = model_page(replace(request, facts=facts))
    assert "`model.ckpt-9`.\nThey are weights of a float model that was none.\nThe sha256" in page
    untrained = page_request("seeded:7")
    facts = replace(untrained.facts, description="untrained weights, seeded:7")
    assert model_page(replace(untrained, facts=facts)) == model_page(untrained)


def test_a_model_writes_nothing_of_its_own_onto_its_page(page_request):
    """What it says of itself is a part of a sentence: no tags, no headings, no metadata."""
    request = page_request("mine/model-9")
    evil = "2`.\n\n<!-- license: mit -->\n\n## [Get](http://elsewhere) <script>"
    facts = replace(request.facts, description=evil, tensorflow=evil, output=evil)
    verification = request.manifest.verification.model_copy(update={"allowance": evil})
    manifest = request.manifest.model_copy(update={"verification": verification})
    page = model_page(replace(request, facts=facts, manifest=manifest))
    assert page.count("license: mit") > 3
    for part in ("<script", "mit -->", "## _", "](http://elsewhere", "2`"):
        assert part not in page
    assert "\n" not in NetworkModel(request.origin, facts).tensorflow


def test_untrained_weights_are_said_to_be_so_in_the_first_line(page_request):
    page = model_page(page_request("seeded:7"))
    assert page.splitlines()[2].startswith("NOT TRAINED: random weights (`seeded:7`)")
    assert "dataset:" not in page
    assert "top-1" not in page
    assert broken_rules(page, "5.md") == ()


def test_own_checkpoint_claims_no_training(page_request):
    page = model_page(page_request("model-1`<!-- x --> # Module"))
    assert "ImageNet (ILSVRC" not in page
    assert "dataset:" not in page
    assert "checkpoint `model-1___-- x --_ _ Module`" in page
    assert broken_rules(page, "5.md") == ()


def test_networks_beside_the_named_ones(page_request):
    edge = model_page(page_request(variant=variants()["mobilenet_edgetpu_075_224"]))
    assert "MobilenetEdgeTPU is a relative" in edge
    assert broken_rules(edge, "5.md") == ()
    wide = resized(variants()["mobilenet_v3_small_100_224"], depth_multiplier=1.25, image_size=96)
    page = model_page(page_request(variant=wide))
    assert "fixed to 96 x 96 pixels" in page
    assert "at depth multiplier 1.25" in page
    assert "model.build([None, 96, 96, 3])" in page


def test_numbers_that_differ_are_told(page_request):
    request = page_request()
    verification = request.manifest.verification.model_copy(
        update={"differing": 1200, "max_abs": 2.5e-6, "allowance": "noise"}
    )
    page = model_page(page_request(verification=verification))
    assert "in 214 checks: 1,200 numbers differ by at most 2.5e-06\n(allowed: noise)" in page


def test_sibling():
    known = handle.parse("me/a/feature_vector/2")
    assert str(sibling(known, "feature_vector")) == "me/a/classification/2"
    assert sibling(handle.parse("me/a/2"), "feature_vector") is None
    assert sibling(handle.parse("me/feature_vector/2"), "feature_vector") is None


def test_the_oldest_tensorflow_is_the_one_that_was_tried_with_its_source(page_request):
    page = model_page(page_request()).replace("\n", " ")
    assert f"tried is {OLDEST.load} to load and call them, and {OLDEST.train} with" in page
    assert f"TensorFlow Hub {OLDEST.hub} to train them" in page
    assert f"`{OLDEST.source}`" in page
    assert (ROOT / OLDEST.source).is_file()


def test_a_model_with_newer_ops_claims_no_older_tensorflow(page_request, tiny_model):
    """Such as one that TensorFlow 2.21 wrote by itself, with an op in its saver."""
    assert model_facts(tiny_model).needed_tensorflow == "2.10"
    page = model_page(page_request(needed_tensorflow="2.10"))
    assert "TensorFlow before 2.10 cannot load it, since it lacks ops that the model has." in page
    assert OLDEST.load not in page


def test_code_blocks_are_found_in_one_look():
    """A page that begins block after block and ends none takes no minutes."""
    assert code_blocks("```python\na\n\nb\n```\n```text\nc\n```\n```python \n``` ") == (
        "a\n\nb\n",
        "",
    )
    assert code_blocks("```python\nx\n" * 100_000) == ()


@pytest.mark.parametrize("task", TASKS)
def test_code_blocks_load_from_where_they_are_told(page_request, task):
    request = page_request(task=task)
    blocks = code_blocks(model_page(request))
    assert len(blocks) == 2
    for block in blocks:
        assert loads(block, request.manifest.handle)
        local = localized(block, request.manifest.handle, "http://localhost:1/m")
        assert not loads(local, request.manifest.handle)
        assert '"http://localhost:1/m"' in local
        assert "https://HOST" not in local
        compile(local, "page", "exec")


@pytest.mark.parametrize("task", TASKS)
def test_a_page_claims_no_host_before_one_is_known(page_request, task):
    page = model_page(page_request(task=task))
    assert "tfhub.dev" not in page
    assert "It is loaded from `https://HOST`, the host that serves this release." in page
    served = served_from(page, "http://127.0.0.1:8500")
    assert "HOST" not in served
    assert f'"http://127.0.0.1:8500/google/imagenet/{SMALL}/{task}/5"' in served
    assert "from `http://127.0.0.1:8500`, the host that serves this release." in served
    known = model_page(page_request(task=task, base_url="https://a.b"))
    assert served_from(known, "http://127.0.0.1:8500") == known


def test_only_the_open_host_is_written_over():
    text = '"https://HOST/a/b/1" https://HOST.example.org https://HOSTING/ `https://HOST`'
    assert served_from(text, "http://h") == (
        '"http://h/a/b/1" https://HOST.example.org https://HOSTING/ `http://h`'
    )


def test_network_with_few_words(page_request):
    """Its page says less, and nothing of another network."""
    toy = variants()["toy_050_32"]
    for task in TASKS:
        for checkpoint in (FLOAT[0].prefix, "seeded:0"):
            page = model_page(page_request(checkpoint, variant=toy, task=task))
            assert broken_rules(page, "5.md") == ()
            assert "MobileNet" not in page
            assert "ImageNet" not in page
            assert "Top1" not in page
            assert "This model is the toy network at depth multiplier 0.5, with " in page
            assert "network-architecture" not in page
            assert "\n\n\n" not in page
            assert ".The" not in page
            assert ("images into 7 classes with the toy network" in page) == (
                task == "classification"
            )
