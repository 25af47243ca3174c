"""What is asked of a conversion, from the command line to the converter."""

from dataclasses import dataclass, field
from pathlib import Path

from exporter.errors import ConversionError
from exporter.image_files import matching


@dataclass(frozen=True)
class ConvertRequest:
    """What to convert.

    Attributes:
        model_dir: The SavedModel, whoever made it.
        formats: Names of formats.
        output_dir: Where a folder for each format is to appear.
        images: Pattern of image files to compare on; empty for the probes alone.
        calibration: Pattern of image files from which int8 ranges are taken.
        image_size: Height and width that images of any size are fixed to; None to leave them free.
        input_range: Least and largest value of images; None for what the model itself says.
        labels: A text file with a class name a line.
        author: For formats that have a place for it.
        license: The same.
        overwrite: Whether a conversion that is there is replaced.
        trust: Whether to run a model that does more than compute, such as read files.
        image_files: What matches `images`.
        calibration_files: What matches `calibration`.
    """

    model_dir: Path
    formats: tuple[str, ...]
    output_dir: Path
    images: str = ""
    calibration: str = ""
    image_size: tuple[int, int] | None = None
    input_range: tuple[float, float] | None = None
    labels: Path | None = None
    author: str = ""
    license: str = ""
    overwrite: bool = False
    trust: bool = False
    image_files: tuple[Path, ...] = field(init=False)
    calibration_files: tuple[Path, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Finds the images once: a pattern that matches nothing is refused at once.

        Raises:
            InvalidArgumentError: If there are none.
        """
        object.__setattr__(self, "image_files", matching(self.images))
        object.__setattr__(self, "calibration_files", matching(self.calibration, "calibration"))

    def folder(self, name: str) -> Path:
        """Returns where a format's files are to appear."""
        return self.output_dir.absolute() / name


def check_output(request: ConvertRequest) -> None:
    """Refuses to write into the model's folder, whose digest every report has.

    Raises:
        ConversionError: If the output is to appear there.
    """
    if request.output_dir.resolve().is_relative_to(request.model_dir.resolve()):
        raise ConversionError(
            f"Output '{request.output_dir}' lies inside the SavedModel '{request.model_dir}', which"
            " it would change: expected a folder elsewhere. Choose another --output_dir."
        )
