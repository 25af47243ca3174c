"""Changes of the small contract."""

from support.contracts import argument, spec


def put(path, value):
    """Makes a change: sets what is at a path of keys."""

    def change(contract):
        *parents, last = path
        for key in parents:
            contract = contract[key]
        contract[last] = value

    return change


def drop(*path):
    def change(contract):
        for key in path[:-1]:
            contract = contract[key]
        del contract[path[-1]]

    return change


def rename(new, *path):
    def change(contract):
        for key in path[:-1]:
            contract = contract[key]
        contract[new] = contract.pop(path[-1])

    return change


def every_trace(*changes, training=(False, True), endpoints=(False, True)):
    """Changes the traces of `__call__` with these flags."""

    def change(contract):
        for found in contract["functions"]["__call__"]["traces"]:
            flags = found["inputs"]["training"], found["inputs"]["return_endpoints"]
            if flags[0] in map(repr, training) and flags[1] in map(repr, endpoints):
                for one in changes:
                    one(found)

    return change


def both(*changes):
    def change(contract):
        for one in changes:
            one(contract)

    return change


def arguments(*names_and_defaults):
    return put((*CALL, "arguments"), [argument(*found) for found in names_and_defaults])


def renamed_argument(contract):
    contract["functions"]["__call__"]["arguments"][3]["name"] = "batch_norm_momentum"
    for found in contract["functions"]["__call__"]["traces"]:
        found["inputs"]["batch_norm_momentum"] = found["inputs"].pop("momentum")
        found["unused"] = ["batch_norm_momentum" for _ in found["unused"]]


def without_endpoints(contract):
    """Removes an argument, and the traces that only it asked for."""
    call = contract["functions"]["__call__"]
    del call["arguments"][2]
    call["traces"] = [
        found for found in call["traces"] if found["inputs"].pop("return_endpoints") == "False"
    ]


def only_training(wanted):
    def change(contract):
        call = contract["functions"]["__call__"]
        call["traces"] = [t for t in call["traces"] if t["inputs"]["training"] == repr(wanted)]

    return change


def renamed_variable(contract):
    old, new = "net/conv_2/weights", "net/conv_2/kernel"
    contract["variables"][new] = contract["variables"].pop(old)
    for found in contract["lists"].values():
        found["names"] = [new if name == old else name for name in found["names"]]
    contract["losses"][0]["variables"] = ["net/conv_1/weights", new, "net/conv_3/weights"]


def without_variable(contract):
    del contract["variables"]["net/conv_3/mean"]
    contract["lists"]["variables"]["names"].pop()
    every_trace(put(("updates",), ["net/conv_1/mean", "net/conv_2/mean"]), training=[True])(
        contract
    )


def swapped(name, places=(0, 1)):
    def change(contract):
        names = contract["lists"][name]["names"]
        a, b = places
        names[a], names[b] = names[b], names[a]

    return change


def enter(name, variable_name):
    return lambda contract: contract["lists"][name]["names"].append(variable_name)


def leave(name, variable_name):
    return lambda contract: contract["lists"][name]["names"].remove(variable_name)


def op(name, kind, *places):
    return put(("ops", name), {"kind": kind, "places": list(places)})


SERVED, DETECT = ("signatures", "serving_default"), ("signatures", "detect")
CALL, ENCODE = ("functions", "__call__"), ("functions", "encoder.encode")
FIRST = (*CALL, "traces", 0)
TEXT = (*ENCODE, "traces", 0, "inputs", "text")
WEIGHTS = ("variables", "net/conv_1/weights")
KNOWN = ("inputs",), ("training", "False"), ("return_endpoints", "False"), ("momentum", "0.99")
IMAGES = ("inputs", "inputs")
FREE, FIXED = spec("float32", [None] * 3 + [3], "inputs"), spec("float32", [1, 8, 8, 3], "inputs")
