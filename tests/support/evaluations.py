"""What tests of evaluations ask for, and what is the same however the data lay."""

import exporter

IMAGES, CLASSES = 61, 6
NAMES = ("ant", "bee", "cat", "dog", "elk", "fox")


def request_of(place, data, **options):
    return exporter.EvaluateRequest(place / "model", str(data), **options)


def same(found):
    """Leaves out where the data lay, and names of images, which begin with it."""
    told = found.model_dump(exclude={"data", "notes", "labels"})
    for model in told["models"]:
        if model["cosine"]:
            del model["cosine"]["least_image"]
    return told
