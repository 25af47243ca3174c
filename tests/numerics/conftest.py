"""Exported models whose mutants are judged."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from support import short_network

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
    from exporter.archives import FetchOptions
    from exporter.progress import silent
    from exporter.sources import Seeded
    from exporter.verifier.causes.causes import causes
    from exporter.verifier.causes.differing_model import DifferingModel
    from exporter.verifier.comparison.allowance import Allowance
    from exporter.verifier.comparison.comparing import compare, paired
    from exporter.verifier.report.reference import OriginalGraph
    from exporter.verifier.rules.interface_rules import check_rules
    from exporter.verifier.subjects.examples import Examples, Plan
    from exporter.verifier.subjects.loading import load_model
    from slim_nets.registry import variants

    folder = tmp_path_factory.mktemp(task)
    variant = variants()[short_network.VARIANT]
    export(variant.name, task, "seeded:5", folder / "model", "--verify=false", *flags)
    prefix = Seeded(5).open(variant, folder, FetchOptions()).prefix
    names = {spec.name: spec.name for spec in variant.shape(task).variables}
    graph = OriginalGraph(variant, task, prefix, names)
    # Fewer momenta and probes than a user's verification, since there are many mutants.
    plan = Plan(("zeros", "noise"), (1, 3), (0.9, 0.99), 2, gradients=False, every_way=False)
    with graph.opened() as original:
        examples = Examples(original.input_spec, plan)

        def judge(path, *, explain=False, rules=False, gradients=False):
            tried = replace(examples, plan=replace(plan, gradients=gradients))
            pair = paired(load_model(path), original, tried)
            checks = list(compare(pair, tried, Allowance()))
            checks += check_rules(pair.model) if rules else []
            failed = [check for check in checks if check.status == "failed"]
            differing = DifferingModel(**vars(pair), raw_weights={})
            tried_causes = causes(differing, failed, silent) if explain else ()
            found = [cause.name for cause in tried_causes if cause.explains]
            by_group = {}
            for check in failed:
                by_group.setdefault(check.group, []).append(check.name)
            return by_group, found, {(c.group, c.name): c.message for c in reversed(failed)}

        yield Bench(folder / "model", judge)
