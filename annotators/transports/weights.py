"""Which weights lie in a folder: the hash by which a local model is pinned, the same as the servers print."""

from __future__ import annotations

from pathlib import Path

from osmo.annotators.servers.backend import BackendUnavailableError
from osmo.annotators.servers.weights import model_folder, weights_sha256


class WeightsError(ValueError):
    """A folder of weights that is not used: not there, in a format that runs code, or not the pinned weights."""

    def __init__(self, folder: Path, message: str) -> None:
        self.folder = folder
        super().__init__(message)


def model_revision(folder: Path) -> str:
    """`sha256:<64 digits>` of a folder's safetensors and JSON files, as `weights_sha256` hashes them.

    Raises:
        WeightsError: There is no such folder, or it has no safetensors: nothing else is loaded, since it can run code.
    """
    if not folder.is_dir():
        raise WeightsError(folder, f"{folder} is no folder. Give the folder that the model was downloaded to.")
    try:
        return f"sha256:{weights_sha256(folder, model_folder('local', folder))}"
    except BackendUnavailableError as error:
        raise WeightsError(folder, str(error)) from None


def check_weights(folder: Path, revision: str | None, *, allow_unpinned: bool = False) -> None:
    """See that a folder has the weights that are pinned.

    Args:
        folder: Where they lie.
        revision: `sha256:<64 digits>`. Nothing else can be checked against files.
        allow_unpinned: Whether a revision of another kind, or none, passes unchecked.

    Raises:
        WeightsError: It has not.
    """
    found = model_revision(folder)
    if revision == found:
        return
    if revision is not None and revision.startswith("sha256:"):
        raise WeightsError(
            folder, f"{folder} has weights {found}, and {revision} was expected. Give the folder of those weights."
        )
    if not allow_unpinned:
        raise WeightsError(
            folder,
            f"{folder} cannot be checked against revision {revision!r}, which is no hash of files. "
            f"If its weights are the ones that you mean, set revision = {found!r}.",
        )
