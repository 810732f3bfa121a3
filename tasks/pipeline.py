"""The pipeline of one store and configuration: its stages in order, bound to each other by views."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import pyarrow as pa

from osmo.annotators import registry
from osmo.schemas.config import OsmoConfig
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.annotations import AnnotationStage
from osmo.tasks.clips import ClipStage
from osmo.tasks.cues.registry import extractor
from osmo.tasks.cues.stage import CueStage
from osmo.tasks.engine import BucketReport, Progress, Todo, run_bucket, todo
from osmo.tasks.media import ClipMediaStage, MediaStage
from osmo.tasks.prescreen import PrescreenStage
from osmo.tasks.qa.verdicts import JudgeStage
from osmo.tasks.segment import SegmentStage
from osmo.tasks.sense import SenseStage
from osmo.tasks.stage import Stage
from osmo.tasks.views import Views


class UnknownStageError(ValueError):
    """No stage of the pipeline has this name."""

    def __init__(self, name: str, available: list[str]) -> None:
        self.name = name
        super().__init__(f"No stage {name!r}. Available under this configuration: {', '.join(available)}.")


class Pipeline:
    """The stages of a build. One instance sees one snapshot of the store: `renew` after writing."""

    def __init__(self, store: Store, config: OsmoConfig) -> None:
        """Bind the stages.

        Raises:
            UnknownAnnotatorError: The configuration names a voter, judge, writer or extractor that does not exist.
        """
        self.store = store
        self.config = config
        self.cache = MediaCache(store.objects)
        self.views = Views(store, config, self)

    def renew(self) -> Pipeline:
        """The same pipeline over what the store holds now."""
        return Pipeline(self.store, self.config)

    @cached_property
    def _stages(self) -> Mapping[str, Stage]:
        stages = [factory() for factory in self._factories]
        return {stage.name: stage for stage in stages}

    @property
    def stage_names(self) -> list[str]:
        """The stages in the order in which a build runs them."""
        return list(self._stages)

    def stage(self, name: str) -> Stage:
        """A stage by name.

        Raises:
            UnknownStageError: There is none.
        """
        if name not in self._stages:
            raise UnknownStageError(name, self.stage_names)
        return self._stages[name]

    def todo(self, name: str, bucket: int) -> Todo:
        """What a stage has left to do in a bucket."""
        return todo(self.store, self.stage(name), bucket)

    def buckets_with_missing(self, name: str) -> list[int]:
        """Buckets in which a stage has something left to do."""
        return [bucket for bucket in self.views.buckets if self.todo(name, bucket).rows.num_rows]

    def run_bucket(self, name: str, bucket: int, *, progress: Progress | None = None) -> BucketReport:
        """Run a stage over a bucket."""
        stage = self.stage(name)
        hears = self.views.media if name.startswith("cues:") else self._media_before(name)
        return run_bucket(self.store, stage, bucket, Media(self.cache, hears(bucket)), progress=progress)

    def _media_before(self, name: str) -> Callable[[int], pa.Table]:
        """The media that exists when a stage runs: `media` makes it, so nothing can be looked at before."""
        return self.views.recording_media if name != "media" else lambda _bucket: self.stage("media").writes.empty()

    @property
    def _factories(self) -> list[Callable[[], Stage]]:
        config, views = self.config, self.views
        buckets = config.store
        return [
            lambda: MediaStage(cache=self.cache, settings=config.media, recordings=views.recordings),
            lambda: SegmentStage(config.segment, recordings=views.recordings, media=views.recording_media),
            *(
                lambda name=name: PrescreenStage(registry.voter(name), segments=views.spoken, flush_rows=buckets.flush_rows)
                for name in config.prescreen.voters
            ),
        ]
