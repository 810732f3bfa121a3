"""A small source of recordings without sound or picture, and a configuration over it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

LINES = (
    "start_s,end_s,speaker,text\n"
    '0.5,2.5,Ann,"I am so happy, this is wonderful!"\n'
    '3.0,5.0,Ben,"Great, congratulations!"\n'
    '6.0,9.0,Ann,"I love it, what a delightful surprise!"\n'
)


@dataclass(frozen=True)
class Project:
    """Recordings, a configuration over them, and the store that it names."""

    folder: Path
    config: Path

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    def add(self, name: str, transcript: str = LINES) -> None:
        """A recording that has a transcript and neither sound nor picture."""
        place = self.recordings / name
        place.mkdir(parents=True)
        (place / "transcript.csv").write_text(transcript, encoding="utf-8")
        facts = {
            "recording_id": name, "dataset": "test", "subject_id": "Ann", "language": "en",
            "started_at": "2026-01-02T03:04:05+00:00", "duration_s": 12.0, "transcript": "transcript.csv",
        }  # fmt: skip
        (place / "recording.json").write_text(json.dumps(facts), encoding="utf-8")


def new_project(folder: Path, *, recordings: int, buckets: int = 2) -> Project:
    config = folder / "osmo.toml"
    config.write_text(
        '[[sources]]\nadapter = "folder"\npath = "recordings"\n'
        f'[store]\nuri = "store"\nbuckets = {buckets}\n[media]\nproxy_height = 64\ncaptions_fps = 1.0\n',
        encoding="utf-8",
    )
    project = Project(folder, config)
    for number in range(recordings):
        project.add(f"rec-{number}")
    return project
