"""What functions do with their arguments, through calls, each walked once."""

import pytest

from exporter import quiet
from exporter.contract.bodies import Bodies


def function(name, arguments, nodes, results):
    """Makes a FunctionDef; each node is (name, op, inputs), and calls what its op names."""
    quiet.import_tensorflow()
    from tensorflow.core.framework import function_pb2

    made = function_pb2.FunctionDef()
    made.signature.name = name
    for argument in arguments:
        made.signature.input_arg.add(name=argument)
    for i, result in enumerate(results):
        made.signature.output_arg.add(name=f"r{i}")
        made.ret[f"r{i}"] = result
    for node, op, inputs in nodes:
        called = op.startswith("f")
        added = made.node_def.add(name=node, op="PartitionedCall" if called else op, input=inputs)
        if called:
            added.attr["f"].func.name = op
    return made


def bodies(*functions):
    return Bodies({made.signature.name: made for made in functions})


def test_functions_that_each_call_the_one_before_twice():
    """Followed call by call, 40 of them have a million million ends."""
    library = [function("f0", ["x", "v"], [("n", "Add", ["x", "v"])], ["n:z:0"])]
    for i in range(1, 41):
        before = f"f{i - 1}"
        twice = [("a", before, ["x", "v"]), ("b", before, ["a:output:0", "v"])]
        library.append(function(f"f{i}", ["x", "v"], twice, ["b:output:0"]))
    body = bodies(*library)["f40"]
    assert (body.used, body.assigned, body.order_of_use()) == ({0, 1}, set(), [0, 1])


def test_arguments_through_calls():
    """The callee assigns its second, passes its third on, and leaves its fourth alone."""
    inner = function(
        "f0",
        ["x", "v", "passed", "idle"],
        [("n", "Relu", ["x"]), ("s", "AssignSubVariableOp", ["v", "n:y:0"])],
        ["n:y:0", "passed"],
    )
    outer = function(
        "f1",
        ["mean", "unused", "weights", "images", "bias"],
        [
            ("c", "f0", ["images", "mean", "weights", "unused", "^images"]),
            ("m", "Mul", ["c:output:1", "c:output:0"]),
            ("a", "Add", ["m:z:0", "bias"]),
        ],
        ["a:z:0"],
    )
    body = bodies(inner, outer)["f1"]
    assert body.used == {0, 2, 3, 4}
    assert body.assigned == {0}
    assert body.order_of_use() == [2, 3, 4]


def test_a_function_that_calls_itself():
    body = bodies(function("f0", ["x"], [("c", "f0", ["x"])], ["c:output:0"]))["f0"]
    with pytest.raises(RecursionError):
        _ = body.used


def test_a_value_that_is_made_of_itself():
    """TensorFlow refuses it; here it must end too."""
    handing = function("f0", ["x"], [], ["x"])
    circle = [("a", "f0", ["b:output:0"]), ("b", "f0", ["a:output:0"])]
    body = bodies(handing, function("f1", ["x"], circle, ["a:output:0"]))["f1"]
    with pytest.raises(ValueError, match="'a:output:0', which is made of itself"):
        _ = body.used


def test_values_that_are_handed_on_are_followed_once():
    """That each of many has a long way is no reason to take the square of it."""
    names = ["x", *(f"a{number}:output:0" for number in range(20_000))]
    chain = [(f"a{number}", "f0", [names[number]]) for number in range(20_000)]
    users = [(f"b{number}", "Relu", [names[-1]]) for number in range(20_000)]
    handing = function("f0", ["x"], [], ["x"])
    assert bodies(handing, function("f1", ["x"], chain + users, []))["f1"].used == {0}


@pytest.mark.parametrize(
    ("op", "assigned"),
    [
        ("AssignAddVariableOp", True),
        ("ResourceScatterUpdate", True),
        ("ResourceApplyAdam", True),
        ("ResourceSparseApplyAdagrad", True),
        ("ScatterNdUpdate", True),
        ("ScatterNd", False),
        ("TensorScatterUpdate", False),
        ("ReadVariableOp", False),
    ],
)
def test_every_op_that_changes_a_variable(op, assigned):
    made = function("f0", ["v", "x"], [("n", op, ["v", "x"]), ("y", "Relu", ["x"])], ["y:y:0"])
    assert bodies(made)["f0"].assigned == ({0} if assigned else set())
