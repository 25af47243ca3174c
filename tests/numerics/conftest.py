"""Exported models whose mutants are judged."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from support import small_network

from exporter import quiet


@dataclass(frozen=True)
class Bench:
    """One exported model, its original, and how a mutant is compared with it."""

    model: Any
    judge: Any


@pytest.fixture(scope="package")
def features(tmp_path_factory, export):
    with bench("feature_vector", tmp_path_factory, export) as made:
        yield made


@pytest.fixture(scope="package")
def logits(tmp_path_factory, export):
    with bench("classification", tmp_path_factory, export) as made:
        yield made


@pytest.fixture(scope="package")
def folded(tmp_path_factory, export):
    with bench("feature_vector", tmp_path_factory, export, "--folded_signature") as made:
        yield made


@contextmanager
def bench(task, tmp_path_factory, export, *flags):
    quiet.import_tensorflow()
    from exporter.seeding import seeded_checkpoint
    from exporter.verifier.causes.causes import causes
    from exporter.verifier.causes.suspect import Suspect
    from exporter.verifier.comparison import compare as comparing
    from exporter.verifier.report.request import GraphSource
    from exporter.verifier.rules.rules import check_rules
    from exporter.verifier.subjects import source
    from exporter.verifier.subjects.examples import Examples, Plan
    from slim_nets.variants import NAMED, customized

    folder = tmp_path_factory.mktemp(task)
    flags = (*small_network.FLAGS, "--verify=false", *flags)
    export(small_network.VARIANT, task, "seeded:5", folder / "model", *flags)
    variant = customized(NAMED[small_network.VARIANT], image_size=small_network.SIZE)
    prefix = seeded_checkpoint(5, variant, folder).prefix
    names = {spec.name: spec.name for spec in variant.shape(task).variables}
    graph = GraphSource(variant=variant, task=task, prefix=str(prefix), stored_names=names)
    # Fewer momenta and probes than a user's verification, since there are many mutants.
    plan = Plan(("zeros", "noise"), (1, 3), (0.9, 0.99), 2, gradients=False, every_way=False)
    with source.opened(graph) as original:
        network = comparing.network(variant, task)
        examples = Examples(original.input_spec, plan)

        def judge(path, *, explain=False, rules=False, gradients=False):
            model = source.loaded(path)
            tried = replace(examples, plan=replace(plan, gradients=gradients))
            checks = list(comparing.compare(model, original, network, examples=tried))
            checks += check_rules(model) if rules else []
            failed = [check for check in checks if check.status == "failed"]
            suspect = Suspect(model, original, examples.few(2), {}, variant)
            found = [c.name for c in causes(suspect) if c.explains] if explain and failed else []
            by_group = {}
            for check in failed:
                by_group.setdefault(check.group, []).append(check.name)
            return by_group, found, {(c.group, c.name): c.message for c in reversed(failed)}

        yield Bench(folder / "model", judge)
