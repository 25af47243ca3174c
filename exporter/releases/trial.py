"""What a rehearsal tries in a fresh process: fetches a model, runs its page's code, compares.

It connects to the loopback and to nothing else. The code blocks run one after
the other in one namespace, within the limits of `page_limits`, with a prelude:
`tf`, `hub` and `np` as everybody imports them, `num_classes` = 3, `images`, two
of noise in the model's size, and `labels` for them.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter import quiet
from exporter.digests import of_folder
from exporter.errors import PublishError, counted
from exporter.releases import page_limits
from exporter.releases.manifest import Manifest
from exporter.signatures import SERVING
from exporter.verifier.report.records import Output

if TYPE_CHECKING:
    from exporter.verifier.subjects.input_spec import InputSpec

# Another TensorFlow or processor moves results by so much of the largest value: its kernels sum
# in another order. Measured between batch sizes and with oneDNN off.
NOISE = 2e-6
# A report does not say in which batch an example was computed, which moves its last bits.
_BATCHES = (4, 2, 1)
_CLASSES = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried.

    Attributes:
        url: The model's handle on the local host.
        manifest: What the release says of itself.
        sample: The report's values of the output, evenly spaced.
        blocks: The page's code, with local handles.
        input_range: Least and largest value of images, as the report has it; None for [0, 1].
    """

    url: str
    manifest: Manifest
    sample: Output
    blocks: tuple[str, ...]
    input_range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was tried and found right.

    Attributes:
        blocks: How many of the page's code blocks ran.
        values: How many values of the output were compared.
        probe: The input that they were computed of.
        allowance: What may differ.
        difference: The largest difference, over the largest value.
    """

    blocks: int
    values: int
    probe: str
    allowance: str
    difference: float

    def summary(self) -> str:
        """Says so in one line."""
        return (
            f"fetched with tensorflow_hub, {counted(self.blocks, 'code block')} of the page ran,"
            f" {self.values} values of the output on '{self.probe}' are the report's"
            f" ({self.allowance}; found {self.difference:.2g})."
        )


class TrialError(PublishError):
    """What is not as page, manifest and report say; a part of a sentence."""


def try_alone(trial: Trial, folder: Path) -> Rehearsal:
    """Tries a model in a process that is there for nothing else: its restrictions stay.

    Args:
        trial: What is to be tried.
        folder: Where the page's code runs, for what it may write.

    Returns:
        What was found right.

    Raises:
        TrialError: If anything is not.
    """
    os.chdir(folder)
    # What the page's code may ask of whoever sits there has no answer, instead of waiting for one.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    page_limits.limit_files()
    sys.addaudithook(page_limits.refuse_other_machines)
    quiet.import_tensorflow()
    model = _fetched(trial)
    rehearsal = _compared(model, trial)
    # Only now: libraries ask the system about itself while they are imported.
    sys.addaudithook(page_limits.within(folder))
    _run_blocks(model, trial)
    return rehearsal


def _fetched(trial: Trial) -> Any:
    import tensorflow as tf
    import tensorflow_hub as hub

    try:
        folder = Path(hub.resolve(trial.url))
        found = of_folder(folder)
        if (expected := trial.manifest.model_digest) != found:
            raise TrialError(
                f"tensorflow_hub fetched other files: expected digest {expected}, found {found}"
            )
        return hub.load(trial.url)
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
        raise TrialError(f"tensorflow_hub could not load it: {_line(error)}") from error


def _compared(model: Any, trial: Trial) -> Rehearsal:
    import numpy as np
    import tensorflow as tf

    made_by, sample = trial.manifest.versions.get("tensorflow", ""), trial.sample
    same = made_by == tf.__version__
    allowance = "no bit may differ"
    if not same:
        allowance = (
            f"made by TensorFlow {made_by or 'unknown'}, run by {tf.__version__}:"
            f" {NOISE:g} of the largest value may differ"
        )
    expected = np.array(sample.found)
    found = [_sampled(model, trial, size) for size in _BATCHES]
    scale = float(np.abs(expected).max()) or 1.0
    difference = min(float(np.abs(values - expected).max()) for values in found) / scale
    if not difference <= (0 if same else NOISE):  # not above, so that NaN fails
        raise TrialError(
            f"the output on '{sample.image}' differs from the report's by {difference:.2g} of the"
            f" largest value ({allowance})"
        )
    return Rehearsal(len(trial.blocks), expected.size, sample.image, allowance, difference)


def _sampled(model: Any, trial: Trial, batch: int) -> Any:
    """Computes the values that a report would hold."""
    import numpy as np
    import tensorflow as tf

    from exporter.verifier.subjects.probes import PROBES

    sample = trial.sample
    if sample.image not in PROBES:
        raise TrialError(f"the report's values are of '{sample.image}', which is no probe")
    images = tf.constant(np.stack(_input_spec(model, trial).probe(sample.image) * batch))
    output = model(images)[0].numpy().ravel()
    step = max(1, -(-output.size // max(1, len(sample.found))))
    values = output[::step]
    if not sample.found or values.size != len(sample.found):
        raise TrialError(
            f"the output on '{sample.image}' has another size: expected {len(sample.found)}"
            f" values, found {values.size}"
        )
    return values.astype(np.float64)


def _input_spec(model: Any, trial: Trial) -> "InputSpec":
    """Returns what the model takes, as its serving signature and the manifest state it."""
    from exporter.verifier.subjects.input_range import asked
    from exporter.verifier.subjects.input_spec import InputSpec

    found = [s for n, s in model.signatures.items() if n == SERVING]
    specs = [spec for s in found for spec in s.structured_input_signature[1].values()]
    if len(specs) != 1:
        raise TrialError(f"expected one input of a signature '{SERVING}', found {len(specs)}")
    usual = trial.manifest.image_size
    sizes = () if usual is None else ((usual, usual) if isinstance(usual, int) else usual,)
    return InputSpec((specs[0],), sizes, input_range=asked(trial.input_range))


def _run_blocks(model: Any, trial: Trial) -> None:
    names = _prelude(model, trial)
    for number, block in enumerate(trial.blocks, start=1):
        try:
            exec(compile(block, f"<code block {number}>", "exec"), names)  # noqa: S102
        except (Exception, SystemExit) as error:
            raise TrialError(
                f"code block {number} of its page failed: {type(error).__name__}: {_line(error)}"
            ) from error


def _prelude(model: Any, trial: Trial) -> dict[str, Any]:
    import numpy as np
    import tensorflow as tf
    import tensorflow_hub as hub

    image = _input_spec(model, trial).probe("noise")[0]
    return {
        "__name__": "__main__",
        "tf": tf,
        "hub": hub,
        "np": np,
        "num_classes": _CLASSES,
        "images": np.stack([image, image]),
        "labels": np.arange(2),
    }


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
