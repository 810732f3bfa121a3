"""An annotator's own session: signs up by invitation or logs in, sees tasks as anyone may, enters annotations."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence

from pydantic import JsonValue, TypeAdapter

from osmo.annotators.human.transport import LabelStudioRefusedError, Transport
from osmo.schemas import label_studio as reply

_PAGE = 100
_FOUND = 302


class AnnotatorSession:
    """One annotator at one installation, with a login of their own and no token."""

    def __init__(self, url: str, email: str, *, timeout_s: float = 60.0) -> None:
        """Prepare the session; `enter` logs in.

        Args:
            url: Address of the server.
            email: The annotator's account.
            timeout_s: Of one request, in seconds.
        """
        self.email = email
        self.user_id = -1
        self._api = Transport(url, headers={"Referer": f"{url.rstrip('/')}/"}, timeout_s=timeout_s)

    def enter(self, invitation: str, password: str) -> AnnotatorSession:
        """Log in; who has no account yet signs up with the invitation first. Again and again makes one account.

        Args:
            invitation: Path of the sign-up page, with its token.
            password: At least eight characters.

        Raises:
            LabelStudioRefusedError: The account exists with another password, or the invitation is void.
        """
        for path in ("/user/login/", invitation, "/user/login/"):
            self._api.request("GET", path)
            form = {"email": self.email, "password": password, "csrfmiddlewaretoken": self._csrf()}
            if path.startswith("/user/login"):
                form["persist_session"] = "on"
            if self._api.request("POST", path, form=form).status_code == _FOUND:
                self._api.http.headers["X-CSRFToken"] = self._csrf()
                who = self._api.get("/api/current-user/whoami", TypeAdapter(reply.LoggedIn))
                self.user_id = who.id
                return self
        raise LabelStudioRefusedError(
            f"{self._api.url}/user/login/", 200, f"{self.email} cannot log in: the account has another password"
        )

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies of the login."""
        return dict(self._api.http.cookies)

    def tasks(self, project_id: int) -> Iterator[reply.Task]:
        """Every task of a project, with the ids of those who annotated it, a hundred at a time."""
        fixed: list[tuple[str, str | int]] = [
            ("project", project_id),
            ("page_size", _PAGE),
            ("fields", "all"),
            ("include", "id,data,annotators"),
        ]
        number, seen, total = 1, 0, 1
        while seen < total:
            page = self._api.get("/api/tasks", TypeAdapter(reply.TaskPage), [*fixed, ("page", number)])
            yield from page.tasks
            number, seen, total = number + 1, seen + len(page.tasks), page.total if page.tasks else 0

    def unanswered(self, project_id: int) -> list[reply.Task]:
        """Tasks that this annotator has not annotated or skipped yet."""
        return [task for task in self.tasks(project_id) if self.user_id not in task.annotators]

    def annotate(self, task_id: int, result: Sequence[JsonValue], *, lead_time_s: float) -> None:
        """Enter an annotation."""
        body: JsonValue = {"result": list(result), "lead_time": lead_time_s}
        self._api.send("POST", f"/api/tasks/{task_id}/annotations/", TypeAdapter(dict[str, JsonValue]), body)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def _csrf(self) -> str:
        return self._api.http.cookies.get("csrftoken") or ""


def password_of(email: str, secret: str) -> str:
    """The password of a simulated or replayed annotator: derived, so that none is stored."""
    return hmac.new(bytes.fromhex(secret), email.encode(), hashlib.sha256).hexdigest()[:32]


def region_results(
    region_id: str,
    start_s: float,
    end_s: float,
    *,
    duration_s: float,
    concepts: Sequence[str] = (),
    own_words: Sequence[str] = (),
    uncertain: bool = False,
    polarity: str | None = None,
    intensity: int | None = None,
    cause: str | None = None,
) -> list[JsonValue]:
    """The result rows of one region, as the labelling page would send them; what is null is left out.

    Args:
        region_id: Unique within the annotation.
        start_s: Start, seconds from the clip's start.
        end_s: End, seconds from the clip's start.
        duration_s: Length of the clip's media.
        concepts: Concept ids of the vocabulary.
        own_words: Words of the annotator's own.
        uncertain: Whether the region is marked as uncertain.
        polarity: negative, neutral, positive or mixed.
        intensity: 1 to 3.
        cause: Why.
    """
    times: dict[str, JsonValue] = {"start": start_s, "end": end_s, "channel": 0}
    common: dict[str, JsonValue] = {"original_length": duration_s, "id": region_id, "to_name": "audio"}

    def row(name: str, kind: str, value: dict[str, JsonValue]) -> JsonValue:
        return common | {"from_name": name, "type": kind, "value": times | value}

    paths: list[JsonValue] = [list(taxonomy_path(concept)) for concept in concepts]
    rows = [row(reply.EPISODE, "labels", {"labels": ["uncertain" if uncertain else "emotion"]})]
    if paths:
        rows.append(row(reply.EMOTION, "taxonomy", {"taxonomy": paths}))
    if own_words:
        rows.append(row(reply.OWN_WORDS, "textarea", {"text": list(own_words)}))
    if polarity:
        rows.append(row(reply.POLARITY, "choices", {"choices": [polarity]}))
    if intensity:
        rows.append(row(reply.INTENSITY, "choices", {"choices": [str(intensity)]}))
    if cause:
        rows.append(row(reply.CAUSE, "textarea", {"text": [cause]}))
    return rows


def taxonomy_path(concept: str) -> tuple[str, ...]:
    """Where a concept lies in the page's taxonomy, so that what is entered here also shows there."""
    group, _, word = concept.partition("/")
    return (f"family:{group}", concept) if word else (concept,)


def clip_result(status: str) -> JsonValue:
    """The result row of the answer for the clip as a whole."""
    return {"from_name": reply.CLIP_STATUS, "to_name": "audio", "type": "choices", "value": {"choices": [status]}}
