"""Which checkpoints are loaded, and which are refused without running anything in them."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch

from osmo.schemas.config import SegmentConfig
from osmo.tasks.engines.checkpoints import checkpoint_identity
from osmo.tasks.engines.engine import EngineUnavailableError
from osmo.tasks.engines.registry import engine
from osmo.tasks.speech import Hear, Stretch

ENGINES = pytest.mark.parametrize("name", ["whisper", "faster_whisper"])


def test_a_checkpoint_is_known_by_its_content_and_a_model_by_its_name(tmp_path: Path) -> None:
    for name in ("a.pt", "b.pt"):
        (tmp_path / name).write_bytes(b"same")
    assert checkpoint_identity(str(tmp_path / "a.pt")) == checkpoint_identity(str(tmp_path / "b.pt"))
    (tmp_path / "b.pt").write_bytes(b"other")
    assert checkpoint_identity(str(tmp_path / "a.pt")) != checkpoint_identity(str(tmp_path / "b.pt"))
    assert checkpoint_identity("base") == "base"


class Harmful:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.marker),)


@ENGINES
@pytest.mark.parametrize("kind", ["harmful", "harmful-zip", "empty", "no-dims"])
def test_a_file_that_is_no_checkpoint_is_refused_and_runs_nothing(
    tmp_path: Path, hear: Hear, stretches: list[Stretch], name: str, kind: str
) -> None:
    path, marker = tmp_path / "x.pt", tmp_path / "ran"
    if kind == "harmful":
        path.write_bytes(pickle.dumps(Harmful(marker)))
    elif kind == "harmful-zip":
        torch.save({"dims": Harmful(marker)}, path)
    elif kind == "no-dims":
        torch.save({"model_state_dict": {}}, path)
    else:
        path.write_bytes(b"")
    settings = SegmentConfig(engine=name, whisper_model=str(path))
    with pytest.raises(EngineUnavailableError, match=r"segment\.whisper_model"):
        engine(name).listen(hear, stretches, language="en", settings=settings)
    assert not marker.exists()


@ENGINES
def test_a_name_that_nobody_knows_is_refused_with_those_there_are(
    hear: Hear, stretches: list[Stretch], name: str
) -> None:
    settings = SegmentConfig(engine=name, whisper_model="bass")
    with pytest.raises(EngineUnavailableError, match=r"none of .*base"):
        engine(name).listen(hear, stretches, language="en", settings=settings)
    assert engine(name).identity(settings).startswith("bass, ")
