"""What Label Studio answers: API replies, exported annotations and the regions in them. All of it is untrusted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, TypeAdapter

EPISODE, EMOTION, OWN_WORDS = "episode", "emotion", "emotion_free"
POLARITY, INTENSITY, CAUSE = "polarity", "intensity", "cause"
CLIP_STATUS, NOTE = "clip_status", "note"
"""Names of the controls on the labelling page."""

CONTROLS = (EPISODE, EMOTION, OWN_WORDS, POLARITY, INTENSITY, CAUSE, CLIP_STATUS, NOTE)

POLARITIES = ("negative", "neutral", "positive", "mixed")
INTENSITIES = ("1", "2", "3")
CLIP_STATUSES = ("has_emotion", "no_emotion", "unusable")
EPISODE_LABELS = ("emotion", "uncertain")


class Reply(BaseModel):
    """A reply: names that we do not read are passed over, since every release of Label Studio adds some."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Organization(Reply):
    """The one organization of an installation; it is made with the database."""

    id: int
    created_at: str


class Invitation(Reply):
    """The link with which annotators sign up."""

    invite_url: str


class User(Reply):
    """An account."""

    id: int
    email: str


class Project(Reply):
    """A project's settings, as far as we set them."""

    id: int
    title: str | None = None
    label_config: str | None = None
    expert_instruction: str | None = None
    maximum_annotations: int | None = None


class ProjectPage(Reply):
    """One page of projects."""

    count: int
    results: list[Project]


class LocalStorage(Reply):
    """A folder of this machine that a project may show files of."""

    id: int
    path: str | None = None


class Imported(Reply):
    """What an import gave: task ids in the order of the tasks."""

    task_count: int
    task_ids: list[int]


class DialogueLine(Reply):
    """One line of the dialogue shown beside the clip, seconds from the clip's start."""

    speaker: str = ""
    text: str = ""
    start: FiniteFloat | None = None
    end: FiniteFloat | None = None


class TaskData(Reply):
    """What we put into a task; the dialogue is only read by simulated annotators."""

    clip_id: str | None = None
    language: str | None = None
    dialogue: list[DialogueLine] = Field(default_factory=list)


class Task(Reply):
    """A task in a list, with the ids of those who annotated it."""

    id: int
    data: TaskData = TaskData()
    annotators: list[int] = Field(default_factory=list)


class TaskPage(Reply):
    """One page of tasks."""

    total: int
    tasks: list[Task]


class ExportedTask(Reply):
    """An exported task; its annotations are validated one by one, so that a bad one does not hide the others."""

    id: int
    data: TaskData = TaskData()
    annotations: list[dict[str, JsonValue]] = Field(default_factory=list)


class ExportedAnnotation(Reply):
    """What every exported annotation must have to be stored."""

    unique_id: str = Field(min_length=1)
    completed_by: int | None = None
    updated_at: AwareDatetime


class RegionValue(Reply):
    """The value of one control: times where it belongs to a region, and what its kind of control gives."""

    start: FiniteFloat | None = None
    end: FiniteFloat | None = None
    labels: list[str] | None = None
    taxonomy: list[list[str]] | None = None
    text: list[str] | str | None = None
    choices: list[str] | None = None


class Result(Reply):
    """One row of an annotation's result: what one control holds. Rows of one region share `id`."""

    id: str | None = None
    from_name: str
    value: RegionValue


class Pulled(Reply):
    """An annotation as it lies in `pulls`: Label Studio's own fields, with a pseudonym in place of each account."""

    created_at: AwareDatetime
    updated_at: AwareDatetime
    was_cancelled: bool = False
    lead_time: Annotated[FiniteFloat | None, Field(ge=0)] = None
    result: list[Result]


class LoggedIn(Reply):
    """Who a session belongs to."""

    id: int
    email: str


class Health(Reply):
    """The health page."""

    status: Literal["UP"]


ORGANIZATIONS = TypeAdapter(list[Organization])
USERS = TypeAdapter(list[User])
STORAGES = TypeAdapter(list[LocalStorage])
EXPORT = TypeAdapter(list[ExportedTask])
