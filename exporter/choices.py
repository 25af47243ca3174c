"""What people choose by name: the variant of a network, and the task."""

from exporter.errors import InvalidArgumentError, nearest
from slim_nets.network import TASKS, Task
from slim_nets.registry import Variant, resized, variants


def variant_named(
    name: str,
    *,
    depth_multiplier: float | None = None,
    image_size: int | tuple[int, int] | None = None,
    num_classes: int | None = None,
) -> Variant:
    """Finds a variant and changes its size, as `slim_nets.registry.resized` says.

    Raises:
        InvalidArgumentError: If there is none of that name, or a number is out of range.
    """
    named = variants()
    if name not in named:
        raise InvalidArgumentError(
            f"Variant '{name}' is unknown: expected one of {nearest(name, named)}."
            " See 'slim-export list'."
        )
    try:
        return resized(
            named[name],
            depth_multiplier=depth_multiplier,
            image_size=image_size,
            num_classes=num_classes,
        )
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from error


def task_named(name: str) -> Task:
    """Finds a task.

    Raises:
        InvalidArgumentError: If there is none of that name.
    """
    for task in TASKS:
        if task == name:
            return task
    raise InvalidArgumentError(
        f"Task '{name}' is unknown: expected {' or '.join(TASKS)}. Change --task."
    )
