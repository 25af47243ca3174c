"""Pages of Inception and ResNet: in Hub's format, and true."""

import pytest

from checkpoints import catalog
from exporter.releases.model_page import model_page
from exporter.releases.page_rules import broken_rules
from slim_nets.network import TASKS
from slim_nets.registry import variants

PAPERS = {
    "inception_v1": "1409.4842",
    "inception_v2": "1502.03167",
    "inception_v3": "1512.00567",
    "resnet_v1": "1512.03385",
    "resnet_v2": "1603.05027",
}
NAMES = [
    *("inception_v1", "inception_v2", "inception_v3"),
    *(f"resnet_{version}_{depth}" for version in ("v1", "v2") for depth in (50, 101, 152)),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_pages(page_request, name, task):
    row, variant = catalog.for_variant(name), variants()[name]
    page = model_page(page_request(row.prefix if row else "mine", variant=variant, task=task))
    assert broken_rules(page, "5.md") == ()
    paper = next(number for start, number in PAPERS.items() if name.startswith(start))
    family, *rest = name.split("_")
    full_name = f"{family.title().replace('Resnet', 'ResNet')} {' '.join(rest)}".replace("v", "V")
    for text in (
        f"<!-- network-architecture: {name.replace('_', '-')} -->",
        f"https://arxiv.org/abs/{paper}",
        f"with {full_name}",
        f"{variant.shape(task).parameters:,} parameters",
    ):
        assert text in page
    assert "depth multiplier" not in page.lower()
    assert "MobileNet" not in page
    assert ("trained on ImageNet (ILSVRC-2012-CLS)" in page) == (row is not None)
    assert ("`num_classes` = 1001" in page) == (task == "classification")


@pytest.mark.parametrize("name", ["inception_v2", "resnet_v2_50"])
def test_tables_have_as_many_columns_in_every_row(page_request, name):
    page = model_page(page_request(catalog.for_variant(name).prefix, variant=variants()[name]))
    table = [line for line in page.splitlines() if " | " in line]
    assert len(table) == 5
    assert {line.count(" | ") for line in table} == {3}
    assert "Size | Top1 accuracy (%) | Top5 accuracy (%) | Parameters" in table
    top_1 = str(catalog.for_variant(name).top_1)
    assert any(f" | {top_1} | " in line for line in table)


def test_resnet_v1_says_what_is_not_known(page_request):
    page = model_page(page_request("mine", variant=variants()["resnet_v1_50"]))
    assert "were never published" in " ".join(page.split())
    assert "Top1" not in page
