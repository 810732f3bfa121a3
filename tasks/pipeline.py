"""The pipeline of one store and configuration: its stages in order, bound to each other by views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from osmo.annotators import registry
from osmo.annotators.human.bootstrap import LabellingProject
from osmo.annotators.human.client import LabelStudioClient
from osmo.schemas.config import OsmoConfig
from osmo.schemas.tables import MEDIA
from osmo.schemas.vocabulary import vocabulary
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.annotations import AnnotationStage
from osmo.tasks.clip_tables import clips_to_cut, clips_to_show
from osmo.tasks.clips import ClipStage
from osmo.tasks.cues.registry import extractor
from osmo.tasks.cues.stage import CueStage
from osmo.tasks.engine import BucketReport, Progress, Todo, run_bucket, todo
from osmo.tasks.media import ClipMediaStage, MediaStage
from osmo.tasks.prescreen import PrescreenStage
from osmo.tasks.publish import PublishStage
from osmo.tasks.qa.verdicts import JudgeStage
from osmo.tasks.segment import SegmentStage
from osmo.tasks.sense import SenseStage
from osmo.tasks.stage import Stage
from osmo.tasks.tracks.registry import tracker
from osmo.tasks.tracks.stage import TrackStage
from osmo.tasks.views import Views


class UnknownStageError(ValueError):
    """No stage of the pipeline has this name."""

    def __init__(self, name: str, available: list[str]) -> None:
        self.name = name
        super().__init__(f"No stage {name!r}. Available under this configuration: {', '.join(available)}.")


@dataclass(frozen=True)
class Labelling:
    """A Label Studio project, and a client with the right to publish there and to collect."""

    client: LabelStudioClient
    project: LabellingProject


class Pipeline:
    """The stages of a build. One instance sees one snapshot of the store: `renew` after writing."""

    def __init__(self, store: Store, config: OsmoConfig, labelling: Labelling | None = None) -> None:
        """Bind the stages.

        Args:
            store: Where results lie.
            config: What they depend on.
            labelling: Where people label; null: nothing is published.

        Raises:
            UnknownExtensionError: The configuration names a voter, judge, writer or extractor that does not exist.
        """
        self.store = store
        self.config = config
        self.labelling = labelling
        self.cache = MediaCache(store.objects)
        self.views = Views(store, config, self)

    def renew(self) -> Pipeline:
        """The same pipeline over what the store holds now."""
        return Pipeline(self.store, self.config, self.labelling)

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

    def run_bucket(
        self, name: str, bucket: int, *, progress: Progress | None = None, paused: str | None = None
    ) -> BucketReport:
        """Run a stage over a bucket; where it is known to be `paused`, keep for each missing unit why it waits."""
        media = Media(self.cache, self._index(name, bucket))
        return run_bucket(self.store, self.stage(name), bucket, media, progress=progress, paused=paused)

    def _index(self, name: str, bucket: int) -> pa.Table:
        """`MEDIA` rows that a stage may look at: nothing that is made after it."""
        if name == MediaStage.name:
            return MEDIA.empty()
        before_tracks = name == "segment" or name.startswith("evidence:")
        return self.views.recording_media(bucket) if before_tracks else self.views.tracks(bucket)

    @cached_property
    def _stages(self) -> Mapping[str, Stage]:
        return {stage.name: stage for stage in (*self._machine_stages(), *self._people_stages(), *self._last_stages())}

    def _machine_stages(self) -> Iterator[Stage]:
        config, views, flush = self.config, self.views, self.config.store.flush_rows
        yield MediaStage(cache=self.cache, settings=config.media, recordings=views.recordings)
        yield SegmentStage(config.segment, recordings=views.recordings, media=views.recording_media)
        for name in config.evidence.trackers:
            yield TrackStage(
                tracker(name),
                cache=self.cache,
                recordings=views.recordings,
                media_rows=views.recording_media,
                segments=views.spoken,
            )
        for name in config.prescreen.voters:
            yield PrescreenStage(
                registry.voter(name, config.known_models()),
                segments=views.spoken,
                media_rows=views.recording_media,
                dialogue_turns=config.segment.dialogue_turns,
                flush_rows=flush,
            )
        yield ClipStage(
            candidates=views.candidates,
            recordings=views.recordings,
            published=views.clips,
            context_s=config.prescreen.context_s,
        )
        yield ClipMediaStage(cache=self.cache, clips=self._clips_to_cut)

    def _people_stages(self) -> Iterator[Stage]:
        if self.labelling is not None:
            yield PublishStage(
                self.labelling.client, self.labelling.project, clips=self._clips_to_show, fetch=self.cache.path
            )
        yield AnnotationStage(vocabulary(), pulls=self.views.pulls)

    def _last_stages(self) -> Iterator[Stage]:
        config, views, flush = self.config, self.views, self.config.store.flush_rows
        yield JudgeStage(
            registry.judge(config.quality.judge, config.known_models()),
            annotations=views.annotations,
            findings=views.findings,
            clips=views.clips,
            segments=views.spoken,
            flush_rows=flush,
        )
        extractors = [extractor(name, config.known_models()) for name in config.sense.extractors]
        for one in extractors:
            yield CueStage(one, events=views.events, media_rows=views.tracks, recordings=views.recordings)
        yield SenseStage(
            registry.writer(config.sense.writer, config.known_models()),
            events_all=views.all_events,
            events=views.events,
            cues=views.cues,
            segments=views.spoken,
            previous=config.sense.history,
            modalities=[one.modality for one in extractors],
            flush_rows=flush,
        )

    def _clips_to_cut(self, bucket: int) -> pa.Table:
        return clips_to_cut(self.views.wanted_clips(bucket), self.views.recording_media(bucket))

    def _clips_to_show(self, bucket: int) -> pa.Table:
        views = self.views
        return clips_to_show(
            views.wanted_clips(bucket), views.media(bucket), views.spoken(bucket), views.recordings(bucket)
        )
