"""Models that are made to do harm: refused in one line, or converted as any other."""

import os
import signal
import subprocess
import sys
import time

import pytest
from support import handmade, mutating

from exporter import quiet

pytestmark = pytest.mark.integration

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402


@pytest.fixture
def refused(slim_export, tmp_path):
    """Converts, and returns the one line that says why not."""

    def run(model, *flags, name="frozen"):
        given = (f"--model_dir={model}", f"--format={name}", f"--output_dir={tmp_path / 'out'}")
        result = slim_export("convert", *given, "--json", *flags)
        assert result.returncode == 1, result.stdout
        (line,) = result.stderr.splitlines()
        assert line.startswith("slim-export: ")
        assert line.endswith(".")
        assert line.isprintable()
        assert not (tmp_path / "out").exists()
        return line

    return run


def edited(saved, tmp_path, change):
    """Changes the functions of a model; `change` takes them and the one that is served."""

    def change_graph(graph):
        functions = list(graph.graph_def.library.function)
        served = next(f for f in functions if "serving_default" in f.signature.name)
        change(functions, served)

    return mutating.edited(saved, tmp_path / "edited", change_graph)


def convolutions(functions):
    return [node for function in functions for node in function.node_def if node.op == "Conv2D"]


def test_an_op_that_is_unknown(saved, tmp_path, refused):
    def change(functions, _):
        for node in convolutions(functions):
            node.op = "MineCoins"

    model = edited(saved, tmp_path, change)
    assert "is not safe to run: expected ops that only compute, found 'MineCoins' in" in refused(
        model
    )
    assert f"the op 'MineCoins', which TensorFlow {tf.__version__} does" in refused(
        model, "--trust"
    )


@pytest.mark.parametrize("flags", [(), ("--trust",)])
def test_functions_that_call_each_other(saved, tmp_path, refused, flags):
    def change(functions, served):
        for function in functions:
            if convolutions([function]):
                call = function.node_def.add(name="again", op="StatefulPartitionedCall")
                call.attr["f"].func.name = served.signature.name
                for key in ("Tin", "Tout"):
                    call.attr[key].list.SetInParent()

    line = refused(edited(saved, tmp_path, change), *flags)
    assert "cannot be loaded: " in line


@pytest.mark.parametrize("name", ["two\nlines", "\x1b[31mred", "a\u202eb"])
def test_names_that_a_terminal_would_obey(saved, tmp_path, refused, name):
    def change(functions, _):
        for node in convolutions(functions):
            node.op, node.name = "WriteFile", name

    line = refused(edited(saved, tmp_path, change))
    assert f"node '{name.encode('unicode_escape').decode()}'" in line


def test_a_constant_in_which_one_value_stands_for_many(saved, tmp_path, refused):
    def change(functions, served):
        node = served.node_def.add(name="large", op="Const")
        node.attr["dtype"].type = 1
        tensor = node.attr["value"].tensor
        tensor.dtype = 1
        tensor.float_val.append(1)
        tensor.tensor_shape.dim.add(size=1 << 40)

    line = refused(edited(saved, tmp_path, change))
    assert "expected ops that only compute, found 'Const of 1099511627776 values' in func" in line


def test_inputs_of_gigabytes(tmp_path, refused):
    images = tf.TensorSpec([None, 1 << 20, 1 << 20, 3], tf.float32, name="inputs")
    line = refused(handmade.save(tmp_path / "model", images=images))
    assert "expected at most 268435456 bytes an example, found 13194139533312 in 'inputs'" in line


def test_outputs_of_gigabytes(tmp_path, refused):
    def body(inputs, *_):
        return tf.zeros([tf.shape(inputs)[0], 1 << 30])

    line = refused(handmade.save(tmp_path / "model", body=body))
    assert (
        "cannot be compared with what is converted: expected outputs of at most 214748364" in line
    )
    assert "for a batch of 1, found 4294967296. Save it with smaller ones" in line


@pytest.mark.parametrize("what", ["input", "output"])
def test_nothing_to_compute(tmp_path, refused, what):
    """A side of no length leaves no values that could be vouched for."""
    if what == "input":
        images = tf.TensorSpec([None, 0, 8, 3], tf.float32, name="inputs")
        model = handmade.save(tmp_path / "model", images=images)
    else:
        network = handmade.Network()

        def body(inputs, training, momentum):
            return network.features(inputs, training, momentum)[:, :0]

        model = handmade.save(tmp_path / "model", network, body=body)
    assert "has nothing to compare: expected values in '" in refused(model)


def endless(folder):
    network = handmade.Network()

    def body(inputs, training, momentum):
        features = network.features(inputs, training, momentum)
        return tf.while_loop(lambda x: tf.reduce_sum(x) < 1e30, lambda x: [x * 0], [features])[0]

    return handmade.save(folder, network, body=body)


@pytest.mark.full
@pytest.mark.parametrize("how", ["time limit", "SIGTERM"])
def test_a_signature_that_never_ends(tmp_path, how):
    model = endless(tmp_path / "model")
    command = [sys.executable, "-m", "exporter", "convert", f"--model_dir={model}"]
    command += ["--format=frozen", f"--output_dir={tmp_path / 'out'}"]
    command += ["--time_limit=20"] if how == "time limit" else []
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    if how == "SIGTERM":
        while len(processes_of(process)) < 3:  # it, and two that run the model elsewhere
            assert process.poll() is None, process.communicate()
            time.sleep(0.2)
        time.sleep(5)  # by then it runs it too
        process.send_signal(signal.SIGTERM)
        start = time.monotonic()
    output, errors = process.communicate(timeout=60)
    (line,) = errors.splitlines()
    assert output == ""
    if how == "SIGTERM":
        assert time.monotonic() - start < 5
        assert (process.returncode, line[:25]) == (143, "slim-export: interrupted;")
    else:
        assert process.returncode == 1
        assert "Time limit is over: expected an end within 20 seconds" in line
    assert sorted(os.listdir(tmp_path)) == ["model"]
    ended = time.monotonic()
    while processes_of(process):  # the system ends them with the command, in its own time
        assert time.monotonic() - ended < 5
        time.sleep(0.1)


def processes_of(process):
    """Lists the processes of the session that a process has begun."""
    command = ["pgrep", "-s", str(process.pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.split()
