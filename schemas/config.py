"""The configuration of a build: one typed file, every threshold in it, the paper's values as defaults."""

from __future__ import annotations

import hashlib
import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from osmo.schemas.endpoints import Endpoint, Models
from osmo.schemas.prices import CostConfig

Seconds = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of the configuration: unknown names are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Section):
    """One source of recordings."""

    adapter: str = Field(default="folder", description="A file of tasks/sources/")
    path: str = Field(description="Folder or object-store address of the recordings")
    subjects: str | None = Field(
        default=None, description="CSV file (recording, subject_id): who the wearer is where the owner does not say"
    )


class StoreConfig(Section):
    """Where results lie."""

    uri: str = Field(default="store", description="Folder, or s3://bucket/prefix; credentials only by environment")
    buckets: int = Field(default=16, ge=1, le=65536, description="Shards of a new store; fixed when it is created")
    flush_rows: int = Field(default=256, ge=1, description="Rows after which a stage writes a part")


class MediaConfig(Section):
    """The labelling proxy and the audio that models hear."""

    sample_rate_hz: int = Field(default=16_000, description="Of the mono audio, as Whisper expects")
    proxy_height: int = Field(default=360, ge=64, description="Pixels; width keeps the aspect ratio")
    proxy_fps: float = Field(default=10.0, gt=0, description="Constant frame rate of the labelling proxy")
    captions_fps: float = Field(default=2.0, gt=0, description="Frame rate of a proxy rendered from a transcript")
    proxy_crf: int = Field(default=28, ge=0, le=51, description="x264 constant rate factor")


class SegmentConfig(Section):
    """Speech segmentation."""

    engine: str = Field(default="whisper", description="A file of tasks/engines/")
    whisper_model: str = Field(
        default="base", description="Name of a Whisper model; or path of a checkpoint, for faster_whisper of a folder"
    )
    batch_size: int = Field(default=8, ge=1, description="Stretches of speech that an engine hears at once")
    compute_type: Literal["float32", "int8"] = Field(
        default="float32", description="Of faster_whisper; int8 is faster and may hear other words"
    )
    language_switch: Share = Field(
        default=0.95, description="Probability of another language from which the one that is told yields; 1: never"
    )
    whisper_sample_len: int | None = Field(default=None, description="Most tokens per 30 s window; null: the model's")
    pause_s: Seconds = Field(default=0.8, description="A longer pause ends a sentence")
    max_segment_s: Seconds = Field(default=30.0, description="No segment is longer")
    vad_threshold: Share = Field(default=0.5, description="Speech probability of silero-vad")
    no_speech_threshold: Share = Field(default=0.6, description="With logprob_min: what is refused as silence")
    compression_ratio_max: float = Field(default=2.4, gt=0, description="Text that zlib compresses further is a loop")
    logprob_min: float = Field(default=-1.0, le=0, description="Mean token log-probability below it is heard again")
    chars_per_s_max: float = Field(default=25.0, gt=0, description="Nobody says more characters a second")
    words_per_s_max: float = Field(
        default=10.0, gt=0, description="Nobody says more words or Chinese characters a second"
    )
    own_voice_confidence: Share = Field(default=0.7, description="Below it own-voice detection abstains")
    dialogue_turns: int = Field(default=5, ge=0, description="Turns before a segment that a voter may see")


class EvidenceConfig(Section):
    """Measured evidence of whole recordings, which cues and voters cite."""

    trackers: tuple[str, ...] = Field(default=("ocular", "acoustic", "visual"), description="Files of tasks/tracks/")


class PrescreenConfig(Section):
    """The voters and the majority vote (paper: four LMMs, at least 3 equal votes, not neutral)."""

    voters: tuple[str, ...] = Field(default=("lexicon", "dialogue", "valence", "prosody"), min_length=1)
    quorum: int = Field(default=3, ge=1, description="Fewest equal votes that make a label (paper: 3 of 4)")
    min_voters: int | None = Field(
        default=None, ge=1, description="Voters that must have a row before a segment is voted on; null: all of them"
    )
    reader: str | None = Field(
        default=None, description="A section of [models] that reads replies which no rule can; null: those abstain"
    )
    context_s: Seconds = Field(default=30.0, gt=0, description="Context window around a candidate (paper: 30 s)")


class LabelConfig(Section):
    """Human labelling."""

    url: str | None = Field(default=None, description="Label Studio's address; null: the one that `osmo up` started")
    project: str = Field(default="OSMO", description="Title of the project")
    simulated: int = Field(default=0, ge=0, description="Simulated annotators who label every clip (tests, quickstart)")
    replay: bool = Field(
        default=False, description="Whether labels.csv of a recording is entered as a replayed annotator"
    )
    overlap: int = Field(default=3, ge=1, description="Annotators per clip")


class QualityConfig(Section):
    """Rules and judge (paper: 1 to 25 s, LLaMA3 scores 1–10 and rejects below 8)."""

    min_duration_s: Seconds = 1.0
    max_duration_s: Seconds = 25.0
    min_cause_words: int = Field(default=3, ge=1, description="Words (Mandarin: two characters count as one word)")
    judge: str = Field(default="rubric", description="A file of annotators/llm/")
    accept_score: int = Field(default=8, ge=1, le=10)
    match_iou: Share = Field(default=0.3, description="Regions of two annotators at this temporal IoU are one event")


class SenseConfig(Section):
    """Cues and the six-step chain."""

    extractors: tuple[str, ...] = Field(default=("visual", "acoustic", "ocular"), description="Files of tasks/cues/")
    writer: str = Field(default="composer", description="A file of annotators/llm/")
    history: int = Field(default=4, ge=0, description="Previous events given to the writer (paper's N_p)")


class ReleaseConfig(Section):
    """Releases."""

    name: str = Field(default="osmo", pattern=r"^[a-z0-9][a-z0-9._-]*$")
    title: str = "Open-vocabulary self-emotion timelines"
    license: str = "other"
    seed: int = Field(default=0, description="Of the splits")
    protocols: tuple[str, ...] = Field(default=("xsub", "xtime"), min_length=1, description="Files of tasks/protocols/")
    include_media: bool = Field(default=True, description="Whether clips' media are copied into the release")


Profile = Literal["embedded", "lmm"]
"""A file of schemas/profiles/: defaults that the configuration's own values override."""


class RunConfig(Section):
    """How flows run; changes no result."""

    workers: int = Field(default=2, ge=1, description="Buckets at once on one machine")


class OsmoConfig(BaseSettings):
    """Everything that a build depends on.

    Read from a TOML file; a variable OSMO_<SECTION>__<NAME> overrides it. Secrets have no place here.
    """

    model_config = SettingsConfigDict(env_prefix="OSMO_", env_nested_delimiter="__", extra="forbid", frozen=True)

    profile: Profile = "embedded"
    sources: tuple[Source, ...] = ()
    models: dict[str, Endpoint] = Field(default_factory=dict)
    store: StoreConfig = StoreConfig()
    media: MediaConfig = MediaConfig()
    segment: SegmentConfig = SegmentConfig()
    evidence: EvidenceConfig = EvidenceConfig()
    prescreen: PrescreenConfig = PrescreenConfig()
    label: LabelConfig = LabelConfig()
    quality: QualityConfig = QualityConfig()
    sense: SenseConfig = SenseConfig()
    release: ReleaseConfig = ReleaseConfig()
    cost: CostConfig = CostConfig()
    run: RunConfig = RunConfig()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over profile over defaults; constructor arguments first of all."""
        file = TomlConfigSettingsSource(settings_cls)
        named = env_settings().get("profile", file().get("profile", "embedded"))
        return (init_settings, env_settings, file, InitSettingsSource(settings_cls, _profile(str(named))))

    def known_models(self) -> Models:
        """The models that annotators may ask."""
        return Models(self.models, self.prescreen.reader)


class ConfigError(ValueError):
    """A configuration file that is missing or cannot be used."""

    def __init__(self, path: Path | None, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"Configuration {path or '(defaults)'}: {problem}. `osmo init` writes a commented one.")


CONFIG_VARIABLE: Literal["OSMO_CONFIG"] = "OSMO_CONFIG"


def load_config(path: Path | None = None) -> OsmoConfig:
    """Read the configuration: `path`, else $OSMO_CONFIG, else ./osmo.toml, else the defaults.

    Relative paths of sources and of the store count from the file's folder.

    Raises:
        ConfigError: The named file does not exist, is no TOML, or holds a wrong name or value.
    """
    chosen = path or _implied_path()
    if chosen is not None and not chosen.is_file():
        raise ConfigError(chosen, "there is no such file")

    class FromFile(OsmoConfig):
        model_config = SettingsConfigDict(toml_file=chosen)

    try:
        loaded = FromFile()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "(file)"
        raise ConfigError(chosen, f"{name}: {first['msg']} (got {first['input']!r})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(chosen, f"not a TOML file: {error}") from error
    config = OsmoConfig.model_construct(**{name: getattr(loaded, name) for name in OsmoConfig.model_fields})
    return _with_absolute_paths(config, chosen.parent if chosen else Path())


def dump_config(config: OsmoConfig) -> str:
    """The configuration as canonical TOML."""
    return tomli_w.dumps(config.model_dump(mode="json", exclude_none=True))


def config_sha(text: str) -> str:
    """Name of a configuration snapshot."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def parse_config(text: str) -> OsmoConfig:
    """Read a snapshot; neither files nor the environment play a part."""
    data = tomllib.loads(text)
    sections = {name: field for name, field in OsmoConfig.model_fields.items() if name in data}
    values: dict[str, object] = {}
    for name in sections:
        if name == "sources":
            values[name] = tuple(Source.model_validate(source) for source in data[name])
        elif name == "models":
            values[name] = {model: Endpoint.model_validate(endpoint) for model, endpoint in data[name].items()}
        elif name == "profile":
            values[name] = data[name]
        else:
            default = getattr(OsmoConfig.model_construct(), name)
            values[name] = type(default).model_validate(data[name])
    return OsmoConfig.model_construct(**values)  # type: ignore[arg-type]


def _profile(name: str) -> dict[str, object]:
    """The values of a profile; one that does not exist has none, and is refused when values are validated."""
    place = files("osmo.schemas").joinpath("profiles", f"{name}.toml")
    return tomllib.loads(place.read_text("utf-8")) if name.isidentifier() and place.is_file() else {}


def _implied_path() -> Path | None:
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    implied = Path("osmo.toml")
    return implied if implied.is_file() else None


def _with_absolute_paths(config: OsmoConfig, base: Path) -> OsmoConfig:
    def absolute(place: str) -> str:
        return place if "://" in place else str((base / place).absolute())

    def placed(source: Source) -> Source:
        subjects = None if source.subjects is None else absolute(source.subjects)
        return source.model_copy(update={"path": absolute(source.path), "subjects": subjects})

    sources = tuple(placed(source) for source in config.sources)
    store = config.store.model_copy(update={"uri": absolute(config.store.uri)})
    return config.model_copy(update={"sources": sources, "store": store})
