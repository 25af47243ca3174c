"""All rules: about the model as a whole and its signatures here, the others beside it."""

from exporter.contract.rules import Rule
from exporter.contract.table_of_functions import FUNCTION_RULES
from exporter.contract.table_of_variables import VARIABLE_RULES

_MODEL_RULES = (
    Rule(
        "C01",
        "tags differ",
        "BBB-",
        "Loaders ask for the exact set of tags.",
        "['serve'] -> ['serve', 'gpu']",
    ),
    Rule(
        "C02",
        "form of the file or of the graph raised",
        "BBB-",
        "Older runtimes refuse a file that asks for a newer reader.",
        "min_consumer 0 -> 12",
    ),
    Rule(
        "C03",
        "written by another TensorFlow",
        "----",
        "What a version changes in the file is told by the other rules.",
        "2.5.0 -> 2.21.0",
    ),
    Rule(
        "C04",
        "description differs",
        "----",
        "meta_graph_version is read by people.",
        "'' -> 'untrained weights, seeded:0'",
    ),
    Rule(
        "C05",
        "saver missing or of another form",
        "B--B",
        "The C++ loader and TF1 sessions restore variables through saver_def.",
        "V2 -> none",
    ),
    Rule(
        "C06",
        "files grew beyond 1.5 times their size",
        "CCCC",
        "Downloads, memory and start-up take longer; nothing fails for it.",
        "5 MB -> 9 MB",
    ),
    Rule(
        "C07",
        "size differs otherwise",
        "----",
        "Names of nodes and the version of TensorFlow move it by some per cent.",
        "1,130,061 -> 1,261,341 bytes",
    ),
    Rule(
        "C08",
        "asset removed",
        "BBB-",
        "Code that reads the file by its name fails.",
        "labels.txt -> none",
    ),
    Rule(
        "C09",
        "asset added",
        "CCC-",
        "Nobody asks for it yet.",
        "none -> labels.txt",
    ),
    Rule(
        "C10",
        "asset changed",
        "BBB-",
        "A vocabulary or list of labels gives inputs or outputs another meaning.",
        "labels.txt with 1000 lines instead of 1001",
    ),
    Rule(
        "C11",
        "child of the root removed",
        "-BB-",
        "hub.load gives children as attributes.",
        "model.encoder -> AttributeError",
    ),
    Rule(
        "C12",
        "child of the root added",
        "-CC-",
        "Nobody asks for it yet.",
        "model.decoder appears",
    ),
    Rule(
        "C13",
        "kind of an object changed",
        "-BB-",
        "What can be done with an attribute follows from its kind.",
        "variables: a list -> a tuple",
    ),
    Rule(
        "C14",
        "signature removed or renamed",
        "B---",
        "Requests name the signature.",
        "serving_default -> predict",
    ),
    Rule(
        "C15",
        "signature added",
        "C---",
        "Nobody asks for it yet.",
        "none -> serving_bytes",
    ),
    Rule(
        "C16",
        "method of a signature changed",
        "B---",
        "It decides which API of TensorFlow Serving answers: predict, classify or regress.",
        "tensorflow/serving/predict -> tensorflow/serving/classify",
    ),
    Rule(
        "C17",
        "input of a signature removed or renamed",
        "B---",
        "Requests with an unknown input are refused.",
        "inputs -> images",
    ),
    Rule(
        "C18",
        "input added that requests must have",
        "B---",
        "Requests without it are refused.",
        "inputs -> inputs, batch_norm_momentum",
    ),
    Rule(
        "C19",
        "input added that has a default",
        "C---",
        "Requests may leave it out.",
        "inputs -> inputs, temperature=1.0",
    ),
    Rule(
        "C20",
        "default of an input changed or removed",
        "B---",
        "Requests that leave it out get other results, or are refused.",
        "temperature=1.0 -> 2.0",
    ),
    Rule(
        "C21",
        "input got a default",
        "C---",
        "Requests with it go on working.",
        "temperature -> temperature=1.0",
    ),
    Rule(
        "C22",
        "output of a signature removed or renamed",
        "B---",
        "Responses lack it.",
        "feature_vector -> features",
    ),
    Rule(
        "C23",
        "output added to a signature that had one",
        "B---",
        "REST responses then hold dicts instead of plain rows.",
        "feature_vector -> feature_vector, logits",
    ),
    Rule(
        "C24",
        "output added beside several",
        "C---",
        "REST and gRPC responses name each; clients take theirs.",
        "boxes, scores -> boxes, classes, scores",
    ),
    Rule(
        "C25",
        "dtype of a signature's tensor changed",
        "B---",
        "Requests of another dtype are refused, and responses are decoded by it.",
        "inputs: float32 -> uint8",
    ),
    Rule(
        "C26",
        "dimension of a signature's tensor became free",
        "C---",
        "All shapes that were allowed still are.",
        "inputs: [1, 224, 224, 3] -> [None, 224, 224, 3]",
    ),
    Rule(
        "C27",
        "dimension or rank of a signature's tensor fixed or changed",
        "B---",
        "Shapes that were allowed are refused, or responses have another shape.",
        "inputs: [None, 224, 224, 3] -> [1, 224, 224, 3]",
    ),
    Rule(
        "C28",
        "name of a signature's tensor in the graph changed",
        "----",
        "Sessions look it up in the signature.",
        "serving_default_inputs:0 -> serving_default_images:0",
    ),
)

_MORE_SIGNATURE_RULES = (
    Rule(
        "C90",
        "signature updates variables where it did not, or no longer does",
        "B---",
        "Requests change the model that is served, and run it in training mode; or no longer do"
        " what they were for.",
        "serving_default with training=True",
    ),
    Rule(
        "C91",
        "last dimension or rank of a signature's output became unknown",
        "B---",
        "Layers on top of hub.KerasLayer(signature=...) are built from it, and converters need it.",
        "feature_vector: [None, 1024] -> [None, None]",
    ),
    Rule(
        "C92",
        "signature left the object's own",
        "B---",
        "model.signatures[...] and hub.KerasLayer(signature=...) fail; servers do not notice.",
        "model.signatures['serving_default'] -> KeyError",
    ),
    Rule(
        "C93",
        "signature entered the object's own",
        "C---",
        "Nobody asks for it there yet.",
        "KeyError -> model.signatures['serving_default']",
    ),
)

RULES: dict[str, Rule] = {
    rule.number: rule
    for rule in (*_MODEL_RULES, *FUNCTION_RULES, *VARIABLE_RULES, *_MORE_SIGNATURE_RULES)
}
