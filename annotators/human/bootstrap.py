"""The project of a labelling round: found or made, and kept as this version of the page wants it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from osmo.annotators.human.client import LabelStudioClient
from osmo.annotators.human.page import check_page, guide_html, labelling_page
from osmo.annotators.human.transport import LabelStudioRefusedError
from osmo.schemas.vocabulary import vocabulary


@dataclass(frozen=True)
class LabellingProject:
    """Where clips are published.

    Attributes:
        instance: Id of the installation.
        project_id: Of the project.
        title: Of the project.
        media_root: The one folder whose files Label Studio may show.
    """

    instance: str
    project_id: int
    title: str
    media_root: Path

    @property
    def folder(self) -> str:
        """The project's folder below the media root: members of other projects cannot fetch its files."""
        return f"project-{self.project_id}"


def bootstrap(client: LabelStudioClient, title: str, *, media_root: Path, overlap: int) -> LabellingProject:
    """Make the project, or bring the one of this title up to date; again and again changes nothing.

    Args:
        client: With an administrator's token.
        title: Of the project, unique per administrator: of two bootstraps at once one makes it.
        media_root: The one folder whose files the server may show.
        overlap: Annotators per clip.

    Raises:
        LabellingPageError: The page that the vocabulary gives is not valid; nothing is sent.
    """
    config = labelling_page(vocabulary())
    check_page(config)
    wanted: dict[str, JsonValue] = {
        "label_config": config,
        "expert_instruction": guide_html(),
        "maximum_annotations": overlap,
    }
    found = client.find_project(title)
    if found is None:
        try:
            found = client.create_project({"title": title, **_FIXED, **wanted})
        except LabelStudioRefusedError:
            found = client.find_project(title)
            if found is None:
                raise
    held = {
        "label_config": found.label_config,
        "expert_instruction": found.expert_instruction,
        "maximum_annotations": found.maximum_annotations,
    }
    if changed := {name: value for name, value in wanted.items() if held[name] != value}:
        client.update_project(found.id, changed)
    project = LabellingProject(client.instance(), found.id, title, media_root)
    folder = media_root / project.folder
    folder.mkdir(parents=True, exist_ok=True)
    client.serve_folder(found.id, str(folder))
    return project


_FIXED: dict[str, JsonValue] = {
    "show_instruction": True,
    "show_skip_button": True,
    "enable_empty_annotation": False,
    "show_collab_predictions": False,
    "reveal_preannotations_interactively": False,
    "sampling": "Sequential sampling",
    "description": "Emotions of the wearer of smart glasses, labelled by people.",
}
