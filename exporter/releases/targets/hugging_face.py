"""A model repository on the Hugging Face Hub."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.errors import PublishError
from exporter.progress import Progress
from exporter.releases.checked_release import CheckedRelease
from exporter.releases.targets import target
from exporter.releases.targets.target import Address, Standing, Target

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_CARD = "README.md"
_PIPELINES = {
    "feature_vector": "image-feature-extraction",
    "classification": "image-classification",
}
_TAGS = ("tensorflow", "saved-model", "tensorflow-hub")
# What an earlier version of ours may have left; other files in a repository are its owner's.
_OURS = re.compile(r"\d+\.md|saved_model\.pb|fingerprint\.pb|model\.sig|(variables|assets)/.*")


@dataclass(frozen=True)
class HuggingFaceTarget(Target):
    """A tag in a repository. All files come in one commit; the tag is put on it last.

    Attributes:
        api: Of huggingface_hub.
        repo: `owner/name`.
        tag: The version.
    """

    api: "HfApi"
    repo: str
    tag: str

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What huggingface_hub raises; RuntimeError where an upload broke off."""
        from huggingface_hub import errors

        base = errors.HfHubHTTPError.__mro__[1:]
        transport = tuple(c for c in base if c.__module__.startswith("httpx"))
        return (errors.HfHubHTTPError, *transport, OSError, RuntimeError, ValueError)

    def compare(self) -> Standing:
        """Compares the files at the tag, else those of the main branch."""
        from huggingface_hub.errors import RepositoryNotFoundError

        try:
            refs = self.api.list_repo_refs(self.repo)
        except RepositoryNotFoundError:
            return Standing("absent")
        tagged = any(tag.name == self.tag for tag in refs.tags)
        if not tagged and not refs.branches:
            return Standing("absent")
        kept = self._kept(self._tree(self.tag if tagged else "main"))
        if not tagged:
            return Standing("partial" if kept else "absent", kept)
        return Standing("same" if len(kept) == len(self.payloads) else "different", kept)

    def send(self, standing: Standing, progress: Progress) -> None:
        """Commits what is new, then tags it."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete
        from huggingface_hub.utils.tqdm import disable_progress_bars

        disable_progress_bars()
        progress("upload", 0, len(self.payloads))
        self.api.create_repo(self.repo, exist_ok=True)
        there = self._tree("main")
        kept = self._kept(there)
        names = {file.name for file in self.payloads}
        stale = [name for name in there if _OURS.fullmatch(name) and name not in names]
        operations: list[Any] = [CommitOperationDelete(name) for name in sorted(stale)]
        operations += [
            CommitOperationAdd(file.name, file.path)
            for file in self.payloads
            if file.name not in kept
        ]
        revision, notes = None, target.version_notes(self.release)
        if operations:
            title, _, rest = notes.partition(". ")
            revision = self.api.create_commit(
                self.repo, operations, commit_message=title, commit_description=rest
            ).oid
        progress("tag", len(self.payloads), len(self.payloads))
        if standing.state == "different":
            self.api.delete_tag(self.repo, tag=self.tag)
        self.api.create_tag(self.repo, tag=self.tag, tag_message=notes, revision=revision)

    def _kept(self, there: dict[str, str]) -> frozenset[str]:
        return self.kept(lambda f: there.get(f.name) in (f.sha256, _git_blob(f.path)))

    def _tree(self, revision: str) -> dict[str, str]:
        """Lists the files of a revision: the sha256 of large ones, Git's name of the others."""
        from huggingface_hub.hf_api import RepoFile

        entries = self.api.list_repo_tree(self.repo, revision=revision, recursive=True)
        files = [entry for entry in entries if isinstance(entry, RepoFile)]
        return {file.path: file.lfs.sha256 if file.lfs else file.blob_id for file in files}


def open_hub(address: Address, release: CheckedRelease) -> HuggingFaceTarget:
    """Opens `hf://owner/repository`."""
    from huggingface_hub import HfApi

    name = address.path.strip("/")
    if not address.host or not name or "/" in name:
        raise PublishError(
            f"Target '{address}' is no repository: expected hf://owner/repository. Change --to."
        )
    repo, tag = f"{address.host}/{name}", str(release.handle.version)
    card = release.workspace / _CARD
    card.write_text(_card(release), encoding="utf-8")
    payloads = target.unpacked(release, target.payload(_CARD, card))
    return HuggingFaceTarget(f"hf://{repo} at tag {tag}", payloads, release, HfApi(), repo, tag)


def _card(release: CheckedRelease) -> str:
    """Writes the model card: metadata for the Hub's filters, then the model's own page."""
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        license=target.license_id(release),
        library_name="tensorflow",
        pipeline_tag=_PIPELINES.get(release.manifest.task),
        tags=[*_TAGS, *filter(None, [release.manifest.variant])],
    )
    return f"---\n{data.to_yaml()}\n---\n\n{release.page.read_text(encoding='utf-8')}"


def _git_blob(path: Path) -> str:
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    digest.update(path.read_bytes())
    return digest.hexdigest()
