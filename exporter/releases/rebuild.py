"""The command that makes a model again."""

import shlex
from collections.abc import Iterator

from checkpoints.names import RestoreOptions
from exporter.releases.model_facts import ModelFacts
from exporter.releases.model_page import published
from exporter.signatures import BATCH_NORM_MOMENTUM
from exporter.sources import Published
from exporter.verifier.report.records import Origin
from slim_nets.graph_network import ANY_SIZE, GraphFunction
from slim_nets.registry import Variant, base_of, variants


def rebuild_command(origin: Origin, facts: ModelFacts) -> str:
    """Writes a command.

    Args:
        origin: Where the model came from.
        facts: What it says of itself.

    Returns:
        A line for a shell. With the same versions of this tool and of
        TensorFlow it writes the same bytes into a new folder `model`. Weights
        that were never published must lie in the current folder, as the names of
        classes, which the model holds.
    """
    checkpoint = Published() if published(origin) else origin.checkpoint
    words = ["slim-export", "export", *_variant(origin.variant)]
    words += [f"--task={origin.task}", f"--checkpoint={checkpoint}", "--output_dir=model"]
    words += _restoring(origin.restoring)
    if facts.batch_norm_momentum != BATCH_NORM_MOMENTUM:
        words.append(f"--batch_norm_momentum={facts.batch_norm_momentum!r}")
    if facts.folded_signature:
        words.append("--folded_signature")
    if origin.variant.own_classes and not origin.trained:
        words.append(f"--num_classes={origin.variant.own_classes}")
    if facts.labels:
        words.append(f"--labels={facts.labels}")
    return shlex.join(words)


def _restoring(options: RestoreOptions) -> Iterator[str]:
    if not options.use_moving_averages:
        yield "--use_moving_averages=false"
    if options.checkpoint_scope:
        yield f"--checkpoint_scope={options.checkpoint_scope}"
    if options.ignore_fake_quant:
        yield "--ignore_fake_quant"


def _variant(variant: Variant) -> list[str]:
    if variant.graph is not None:
        return [*_function(variant.graph), f"--image_size={_size(variant)}"]
    if variant.name in variants():
        return [f"--variant={variant.name}"]
    named = base_of(variant)
    words = [f"--variant={named.name}"]
    if variant.depth_multiplier != named.depth_multiplier:
        words.append(f"--depth_multiplier={variant.depth_multiplier!r}")
    if variant.image_size != named.image_size:
        words.append(f"--image_size={variant.image_size}")
    return words


def _function(function: GraphFunction) -> Iterator[str]:
    yield f"--network={function.function}"
    if function.arg_scope:
        yield f"--arg_scope={function.arg_scope}"
    if function.features:
        yield f"--features={function.features}"
    if function.input_range != GraphFunction(function.function).input_range:
        yield f"--input_range={','.join(f'{end!r}' for end in function.input_range)}"


def _size(variant: Variant) -> str:
    return ANY_SIZE if variant.network.any_size else str(variant.image_size)
