"""Models of other ranges than [0, 1] through the commands: refused, found, and judged on theirs."""

import json

import numpy as np
import pytest
from support import converted, handmade

from exporter import quiet
from exporter.conversion import ConvertRequest, convert
from exporter.converters.cosines import cosines
from exporter.converters.source_model import source_of
from exporter.photos import read

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def rescaling(tmp_path_factory):
    """Takes [0, 255], which its first ops tell."""
    folder = tmp_path_factory.mktemp("rescaling") / "model"
    return handmade.serve_images(folder, lambda x: x * (1 / 127.5) - 1.0)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Takes what nobody can tell."""
    return handmade.serve_images(tmp_path_factory.mktemp("plain") / "model")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(5):
        coarse = np.random.RandomState(seed).uniform(0, 255, [4, 4, 3])
        pixels = tf.cast(tf.image.resize(coarse, [16, 16]), tf.uint8)
        (folder / f"{seed}.png").write_bytes(tf.io.encode_png(pixels).numpy())
    return folder


def given(pictures):
    return {"images": f"{pictures}/[34].png", "calibration": f"{pictures}/[0-2].png"}


@pytest.mark.parametrize("name", ["tflite_int8", "tflite_dynamic", "tflite_metadata"])
def test_without_a_range_nothing_is_written(plain, pictures, tmp_path, slim_export, name):
    flags = (f"--{key}={value}" for key, value in given(pictures).items())
    places = (f"--model_dir={plain}", f"--output_dir={tmp_path / 'out'}")
    result = slim_export("convert", *places, f"--format={name}", *flags)
    assert result.returncode == 1
    assert result.stderr == (
        f"slim-export: Format '{name}' lacks the range of images: expected their least and largest"
        f" value, since '{plain}' does not say which it takes, found none. Add --input_range=0,255,"
        " or -1,1 or 0,1, as it was trained.\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["found", "given"])
def test_int8_is_judged_on_the_models_range(
    rescaling, plain, pictures, tmp_path, converts_here, kind
):
    model, ends = {"found": (rescaling, None), "given": (plain, (-1.0, 1.0))}[kind]
    used = ends or (0.0, 255.0)
    told = []
    request = ConvertRequest(
        model, ("tflite_int8",), tmp_path / "out", **given(pictures), input_range=ends
    )
    (done,) = convert(request, remark=told.append)
    assert (done.error, done.warning) == ("", "")
    assert done.report.settings.input_range == used
    assert len(told) == (kind == "found")
    assert all("takes images from 0 to 255, as its own rescaling" in remark for remark in told)
    # The same of a direct computation, on images that it was not calibrated on.
    unit = read(sorted(pictures.glob("[34].png")), (8, 8))
    images = (used[0] + unit * (used[1] - used[0])).astype(np.float32)
    (expected,) = source_of(model).expected([images]).values()
    target = tmp_path / "out/tflite_int8/model.tflite"
    found = converted.run("tflite_int8", target, {"inputs": images})["feature_vector"]
    least = min(cosines(expected, found))
    assert least > 0.99
    outputs = done.report.by_group()["outputs"]
    (judged,) = [c for c in outputs if not c.naive and c.case == "photographs, batch 3"]
    assert judged.cosine == pytest.approx(least, abs=1e-6)


def test_verify_gives_probes_in_the_models_range(rescaling, plain, run, slim_export):
    for model, ends in ((rescaling, [0, 255]), (plain, [0, 1])):
        # Without a `__call__` it breaks rules of the interface.
        report = run("verify", f"--model_dir={model}", status=1)
        assert report["settings"]["input_range"] == ends
    result = slim_export("verify", f"--model_dir={plain}", "--input_range=-1,1")
    assert "Images were given with values from -1 to 1." in result.stdout


def test_the_original_graph_has_its_own_range(plain, slim_export):
    original = ("--checkpoint=seeded:0", "--variant=toy_100_32", "--task=feature_vector")
    result = slim_export("verify", f"--model_dir={plain}", *original, "--input_range=0,255")
    assert result.returncode == 1
    assert result.stderr == (
        "slim-export: The original graph is given an input range: expected none, since its images"
        " are from 0 to 1, found 0,255. Leave out --input_range.\n"
    )


def test_int8_inputs_and_outputs_are_refused_with_what_is_missing(plain, tmp_path, slim_export):
    places = (f"--model_dir={plain}", f"--output_dir={tmp_path / 'out'}")
    result = slim_export("convert", *places, "--format=tflite_int8", "--int8_io")
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(
        "slim-export: Int8 inputs and outputs are not offered: expected a quantization of all ops"
        " whose outputs stay close to the float model's, a cosine of 0.98, found 0.2 to 0.5 by"
    )
    assert not (tmp_path / "out").exists()


# Of Keras' networks, which take images of any size.
PIXELS = (128, 128)


@pytest.fixture(scope="module", params=[True, False], ids=["rescaling inside", "rescaled before"])
def mobilenet(request, shared, tmp_path_factory):
    """Keras' own, whose batch norms saw the photographs once; and the range of its images."""
    import keras

    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV3Small(
        weights=None, include_top=False, pooling="avg", include_preprocessing=request.param
    )
    low, high = ends = (0.0, 255.0) if request.param else (-1.0, 1.0)
    photos = read(sorted((shared / "photos").iterdir()), PIXELS)
    model(low + photos * (high - low), training=True)
    folder = tmp_path_factory.mktemp("mobilenet") / "model"
    model.export(folder, verbose=False)
    return folder, ends, request.param


@pytest.mark.full
@pytest.mark.published
def test_mobilenet_v3_of_keras(mobilenet, shared, tmp_path, slim_export):
    """It takes images of any size, and says its range only where it rescales them itself."""
    folder, (low, high), says = mobilenet
    photos = sorted((shared / "photos").iterdir())
    for name, part in {"images": photos[3:], "calibration": photos[:3]}.items():
        (tmp_path / name).mkdir()
        for path in part:
            (tmp_path / name / path.name).symlink_to(path)
    flags = [f"--{name}={tmp_path / name}/*" for name in ("images", "calibration")]
    flags += [
        f"--model_dir={folder}",
        f"--output_dir={tmp_path / 'out'}",
        f"--image_size={PIXELS[0]}",
    ]
    flags += ["--format=tflite_int8,tflite_metadata", "--json"]
    if not says:
        result = slim_export("convert", *flags)
        assert result.returncode == 1
        assert "'tflite_int8' lacks the range of images: " in result.stderr
        assert not (tmp_path / "out").exists()
        flags.append(f"--input_range={low:g},{high:g}")
    result = slim_export("convert", *flags)
    assert result.returncode == 0, result.stderr
    assert ("takes images from 0 to 255, as its own" in result.stderr) == says
    int8, metadata = (row["report"] for row in json.loads(result.stdout))
    assert int8["settings"]["input_range"] == metadata["settings"]["input_range"] == [low, high]
    assert 0 < int8["ops"]["int8"] < int8["ops"]["total"]
    assert metadata["ops"] == {"int8": 0, "float32": metadata["ops"]["float32"]} | {
        "total": metadata["ops"]["total"]
    }
    images = (low + read(photos[3:], PIXELS) * (high - low)).astype(np.float32)
    source = source_of(folder, PIXELS)
    ((output, expected),) = source.expected([images]).items()
    target = tmp_path / "out/tflite_int8/model.tflite"
    (name,) = source.inputs
    found = converted.run("tflite_int8", target, {name: images})[output]
    assert min(cosines(expected, found)) > 0.98
