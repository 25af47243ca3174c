"""What answers at once must not import TensorFlow, nor anything else that is slow."""

import json
import subprocess
import sys

import pytest

from slim_nets.network import TASKS
from slim_nets.registry import networks, variants

SLOW = {"tensorflow", "tf_keras", "tf_slim", "tensorflow_hub", "keras", "requests", "pydantic"}

# Runs the command line, then says on the last line of stderr what it has imported.
PROGRAM = """
import sys
sys.argv[0] = "slim-export"
from exporter.__main__ import main
try:
    main()
finally:
    sys.stderr.write("\\n" + " ".join(sorted({m.split(".")[0] for m in sys.modules})))
"""


def run(*arguments):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False
    )
    *errors, imported = result.stderr.split("\n")
    return result.returncode, result.stdout, "\n".join(errors), set(imported.split())


EXPORT = ["export", "--variant=mobilenet_v3_small_075_224", "--checkpoint=seeded:0"]


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["--help"], 0, "commands:"),
        (["export", "--help"], 0, "--batch_norm_momentum"),
        (["fetch", "--help"], 0, "--mirror"),
        (["publish", "--help"], 0, "--rehearse"),
        (["benchmark", "--help"], 0, "--converted"),
        (["benchmark"], 1, "--model_dir is missing"),
        (["benchmark", "--model_dir=m", "--batch=0"], 1, "--batch has '0'"),
        (["evaluate", "--help"], 0, "--flink_master"),
        (["evaluate", "--report_schema", "--", "--runner=x"], 0, '"title": "Evaluation"'),
        (["evaluate", "--model_dir=m"], 1, "--data is missing"),
        (["verify", "--model_dir=/none"], 1, "'/none' is not a SavedModel"),
        (
            ["convert", "--model_dir=/none", "--format=frozen", "--output_dir=m"],
            1,
            "no such folder",
        ),
        (["benchmark", "--model_dir=/none"], 1, "'/none' is not a SavedModel"),
        (["evaluate", "--model_dir=/none", "--data=d"], 1, "'/none' is not a SavedModel"),
        (["contract", "lock", "--model_dir=/none", "--lock=m.json"], 1, "no such folder"),
        (["evaluate", "--model_dir=m", "--data=d", "--batch=0"], 1, "--batch is out of range"),
        (["list", "--", "--runner=x"], 2, "unrecognized arguments: --runner=x"),
        (["serve", "--help"], 0, "--release_dir"),
        (["publish", "--release=a"], 2, "required: --to"),
        (["serve", "--release_dir=a", "--port=65536"], 1, "Port 65536 is out of range"),
        (["list"], 0, "google/imagenet/mobilenet_v3_small_075_224/feature_vector/5"),
        (["list", "--json"], 0, '"num_features": 1280'),
        (["package", "--help"], 0, "--sign_key"),
        (["verify-release", "--help"], 0, "--verify_key"),
        (["verify-release"], 2, "required: --release"),
        (["package", "--model_dir=m"], 1, "expected --handle and --output_dir, or --explain"),
        ([], 0, "commands:"),
        (["help"], 0, "commands:"),
        (["help", "export"], 0, "--checkpoint CHECKPOINT"),
        (["help", "contract", "check"], 0, "--accept ACCEPT"),
        (["help", "verify"], 0, "Defaults stand in parentheses."),
        (["help", "exprot"], 2, "'exprot' is neither a command nor a topic: did you mean export?"),
        (["help", "formats"], 0, "# Other formats, and speed"),
        (["contract"], 0, "commands:"),
        (["completion", "zsh"], 0, "#compdef slim-export"),
        (["exprot"], 2, "invalid choice: 'exprot': did you mean export?"),
        (["export", "--varient=v"], 2, "flag '--varient' is unknown: did you mean --variant?"),
        (["export", "--model-dir", "v"], 2, "flag '--model-dir' is unknown"),
        (["contract", "check", "--look=a"], 2, "did you mean --lock?"),
        (["convert", "--images", "a.jpg", "b.jpg"], 2, "argument 'b.jpg' is unexpected"),
        (["export"], 2, "required: --task, --checkpoint, --output_dir, --variant or --network"),
        (
            ["export", *EXPORT[2:], "--task=a", "--output_dir=b"],
            2,
            "required: --variant or --network",
        ),
        ([*EXPORT, "--task=feature_vector"], 2, "required: --output_dir"),
        (["list", "--nosuch"], 2, "--nosuch"),
        (["list", "--json=maybe"], 2, "expected true or false, found 'maybe'"),
        (
            [*EXPORT, "--task=a", "--output_dir=b", "--image_size=x"],
            2,
            "pixels as 160 or 160x320, found 'x'",
        ),
        ([*EXPORT, "--task=a", "--output_dir=b"], 1, "Task 'a' is unknown"),
        (
            ["export", "--variant=v", "--checkpoint=c", "--task=a", "--output_dir=b"],
            1,
            "Variant 'v' is unknown",
        ),
        (
            ["fetch", "--variant=mobilenet_v3_smal_075_224"],
            1,
            " mobilenet_v3_small_075_224, mobilenet_v3_small_100_224. See",
        ),
        (
            [*EXPORT[:2], "--task=feature_vector", "--output_dir=/none/m", "--checkpoint=/none/c"],
            1,
            "Checkpoint '/none/c' does not exist",
        ),
    ],
)
def test_answers_at_once(arguments, status, expected):
    code, output, errors, imported = run(*arguments)
    assert code == status, errors
    assert expected in (output if status == 0 else errors)
    assert (output == "") == (status != 0)
    assert "Traceback" not in errors
    assert "exporter" in imported
    allowed = {"pydantic"} if "/none" in str(arguments) or "_schema" in str(arguments) else set()
    assert imported & SLOW <= allowed


def test_import_of_tensorflow_would_be_noticed():
    """The check above can fail."""
    code = PROGRAM.replace("import sys\n", "import sys, pydantic\n", 1)
    result = subprocess.run(
        [sys.executable, "-c", code, "list"], capture_output=True, text=True, check=False
    )
    assert "pydantic" in result.stderr.split("\n")[-1].split()


@pytest.mark.parametrize("flag", [["--json"], ["--json=true"], ["--json", "true"]])
def test_switches_on(flag):
    _, output, _, _ = run("list", *flag)
    rows = json.loads(output)
    assert [(row["variant"], row["family"]) for row in rows] == [
        (name, variant.family) for name, variant in variants().items() for _ in TASKS
    ]


@pytest.mark.parametrize("flag", ["--nojson", "--json=false", "--json=0"])
def test_switches_off(flag):
    _, output, _, _ = run("list", flag)
    assert output.startswith("variant ")


@pytest.mark.parametrize("position", [0, 1])
def test_absls_flags_before_and_after_the_command(position):
    arguments = ["list"]
    arguments.insert(position, "--verbosity=1")
    assert run(*arguments)[0] == 0


def test_list_goes_family_by_family():
    _, output, _, _ = run("list")
    lines = output.splitlines()
    start = lines.index("MobileNet V1:")
    assert lines[start + 1].startswith("mobilenet_v1_025_128 ")
    assert "MobileNet V3 small:" in lines[start:]


def test_list_says_what_is_known():
    _, output, _, _ = run("list", "--json")
    rows = {(row["variant"], row["task"]): row for row in json.loads(output)}
    small = rows["mobilenet_v3_small_075_224", "classification"]
    assert small["handle"] == "google/imagenet/mobilenet_v3_small_075_224/classification/5"
    assert (small["num_features"], small["parameters"]) == (1024, 2052577)
    assert (small["archive"], small["top_1"]) == ("v3-small_224_0.75_float.tgz", 65.4)
    assert small["checkpoint"] == "v3-small_224_0.75_float/ema/model-497500"
    assert small["sha256_pinned"]
    plain = rows["mobilenet_v3_large_minimalistic_100_224", "feature_vector"]
    assert plain["handle"] == "mobilenet_v3_large_minimalistic_100_224/feature_vector"
    assert not plain["sha256_pinned"]
    edge = rows["mobilenet_edgetpu_100_224", "feature_vector"]
    assert (edge["archive"], edge["top_1"], edge["cached"]) == (None, None, False)


def test_a_table_is_not_cut_in_a_pipe():
    _, output, _, _ = run("list")
    assert "…" not in output
    assert len(output.splitlines()) == 1 + len(networks()) + len(TASKS) * len(variants())
    assert "\x1b" not in output
