"""Publishes a release: every file planned and hashed first, written once, the manifest after all, the catalog last."""

from __future__ import annotations

import hashlib
import logging
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import JsonValue

from osmo.schemas.config import OsmoConfig
from osmo.schemas.manifest import (
    CatalogEntry,
    Holdings,
    Manifest,
    Parent,
    Provenance,
    SourceKind,
    is_name,
    is_version,
    manifest_bytes,
    seal,
)
from osmo.storage.release_catalog import MANIFEST, ReleaseNotFoundError, entry_path, folder_of, read_entry
from osmo.storage.release_files import (
    ROWS_PER_PART,
    ROWS_PER_SHARD,
    ReleaseConflictError,
    put_file_once,
    put_once,
)
from osmo.storage.store import Store
from osmo.tasks.release_card import card, caveats
from osmo.tasks.release_croissant import croissant
from osmo.tasks.release_plan import Planned, media_files, plain_file, split_files, table_files
from osmo.tasks.release_tables import EMAIL, ReleaseInputError, released
from osmo.tasks.splits import DEFAULT_PROTOCOLS, make_splits
from osmo.tasks.training_inputs import training_inputs

log = logging.getLogger(__name__)

PARENT_REMEDY = "Name a published release as name@version, or none."


def create(
    store: Store,
    tables: Mapping[str, pa.Table],
    *,
    name: str,
    version: str,
    title: str,
    license: str,
    seed: int,
    provenance: Provenance,
    parent: str | None = None,
    include_media: bool = True,
    protocols: Sequence[str] = DEFAULT_PROTOCOLS,
    rows_per_part: int = ROWS_PER_PART,
    rows_per_shard: int = ROWS_PER_SHARD,
) -> Manifest:
    """Publish a release of the current views.

    Nothing is visible before the last write, the catalog entry. The same content gives the same bytes, so a build that
    was killed is completed by running it again, and a published one is left as it is.

    Args:
        store: Where.
        tables: Current views by name: recordings, media, segments, candidates, clips, annotations, verdicts, reviews,
            events, cues, reasoning; columns that logs add may be there and go. Splits and training inputs
            are made here.
        name: Of the release.
        version: Three numbers.
        title: For people.
        license: Of the data, as Hugging Face names it.
        seed: Of the splits, and of the windows of training inputs.
        provenance: What it was made from and with.
        parent: The release that this one follows, `name@version`.
        include_media: Whether clips' videos are copied into the release; else they are found in the store.
        protocols: Files of tasks/protocols/.
        rows_per_part: Most rows of one file of a table.
        rows_per_shard: Most rows of one file of a split.

    Raises:
        ReleaseInputError: What it is asked to hold cannot be published.
        SplitProofError: A split does not keep its promise.
        ReleaseConflictError: The version exists with other content.
    """
    _check_label(name, version)
    follows = _parent(store, parent)
    _check_config(provenance.config)
    shaped, redacted = released(tables, include_media=include_media)
    splits, proofs = make_splits(
        shaped["events"], shaped["clips"], shaped["recordings"], seed=seed, protocols=protocols
    )
    inputs = training_inputs(shaped["events"], shaped["recordings"], shaped["segments"], shaped["media"], seed=seed)
    shaped |= {"training_inputs": inputs, "splits": splits}
    holdings = _holdings(shaped, redacted)
    planned = [
        *table_files(shaped, rows_per_part),
        *split_files(shaped["events"], splits, proofs, rows_per_shard),
        *media_files(store, shaped["clips"]),
    ]
    description = f"{title}. " + (" ".join(caveats(holdings)) or "Emotion events of the wearers of smart glasses.")
    readme = card(
        name=name, version=version, title=title, license=license, holdings=holdings, tables=shaped, proofs=proofs,
        provenance=provenance, parent=follows, include_media=include_media,
    )  # fmt: skip
    described = croissant(
        name=name, version=version, title=title, description=description, license=license, tables=shaped,
        files=[file.entry for file in planned],
    )  # fmt: skip
    planned += [plain_file("README.md", readme.encode()), plain_file("croissant.json", described)]
    planned.sort(key=lambda file: file.entry.path)
    manifest = Manifest(
        name=name, version=version, title=title, license=license, seed=seed, parent=follows,
        include_media=include_media, holdings=holdings,
        tables={table: rows.num_rows for table, rows in shaped.items()},
        proofs=tuple(proofs), provenance=provenance, files=tuple(file.entry for file in planned),
    )  # fmt: skip
    _publish(store, manifest, planned)
    return manifest


def config_snapshot(config: OsmoConfig) -> dict[str, JsonValue]:
    """The configuration as a release tells it: every threshold, no address of a machine, nothing of how it was run."""
    snapshot = cast(dict[str, JsonValue], config.model_dump(mode="json", exclude={"run", "store", "label", "cost"}))
    snapshot["label"] = config.label.model_dump(mode="json", exclude={"url"})
    snapshot["sources"] = [{"adapter": source.adapter, "name": Path(source.path).name} for source in config.sources]
    told = {"transport", "revision", "allow_unpinned", "constraint", "max_tokens"}
    snapshot["models"] = {
        name: {**endpoint.model_dump(mode="json", include=told), "model": endpoint.title}
        for name, endpoint in config.models.items()
    }
    if "/" in config.segment.whisper_model or "\\" in config.segment.whisper_model:
        segment = config.segment.model_dump(mode="json")
        snapshot["segment"] = {**segment, "whisper_model": Path(config.segment.whisper_model).name}
    return snapshot


def _publish(store: Store, manifest: Manifest, planned: Sequence[Planned]) -> None:
    """Write the files, then the manifest, then the catalog entry; other content is refused before the first write."""
    folder = folder_of(manifest.name, manifest.version)
    data = manifest_bytes(manifest)
    if found := EMAIL.search(data.decode()):
        raise ReleaseInputError("manifest", f"it holds an e-mail address ({found[0]!r})", "Use pseudonyms.")
    sha256 = hashlib.sha256(data).hexdigest()
    if store.objects.exists(entry_path(manifest.name, manifest.version)):
        if read_entry(store.objects, manifest.name, manifest.version).manifest_sha256 != sha256:
            raise ReleaseConflictError(store.uri, f"{folder}/{MANIFEST}")
        log.info("release %s@%s is published already, with this content", manifest.name, manifest.version)
        return
    expected = {f"{folder}/{file.entry.path}": file.entry.bytes for file in planned}
    expected[f"{folder}/{MANIFEST}"] = len(data)
    for info in store.objects.list(f"{folder}/"):
        if expected.get(info.path) != info.size:
            raise ReleaseConflictError(store.uri, info.path)
    for file in planned:
        path = f"{folder}/{file.entry.path}"
        if isinstance(file.content, Path):
            put_file_once(store.objects, path, file.content, file.entry.sha256)
        else:
            put_once(store.objects, path, file.content)
    put_once(store.objects, f"{folder}/{MANIFEST}", data)
    entry = CatalogEntry(
        name=manifest.name, version=manifest.version, manifest_sha256=sha256, created_at=datetime.now(UTC)
    )
    created = store.objects.create(entry_path(manifest.name, manifest.version), seal(entry), durable=True)
    if not created and read_entry(store.objects, manifest.name, manifest.version).manifest_sha256 != sha256:
        raise ReleaseConflictError(store.uri, f"{folder}/{MANIFEST}")


def _check_label(name: str, version: str) -> None:
    if not is_name(name):
        problem = f"name {name!r} is not lower-case letters, digits, '.', '_' and '-'"
        raise ReleaseInputError("release", problem, "Set [release] name in osmo.toml.")
    if not is_version(version):
        raise ReleaseInputError(
            "release", f"version {version!r} is not three numbers", "Give one like 0.1.0 (--version)."
        )


def _check_config(config: Mapping[str, JsonValue]) -> None:
    def texts(value: JsonValue) -> list[str]:
        if isinstance(value, dict):
            return [text for inner in value.values() for text in texts(inner)]
        if isinstance(value, list):
            return [text for inner in value for text in texts(inner)]
        return [value] if isinstance(value, str) else []

    for text in texts(dict(config)):
        if "://" in text or re.match(r"[/\\~]|[A-Za-z]:\\", text):
            raise ReleaseInputError("provenance.config", f"{text!r} is an address", "Take it from config_snapshot().")


def _parent(store: Store, label: str | None) -> Parent | None:
    if label is None:
        return None
    name, _, version = label.partition("@")
    if not (is_name(name) and is_version(version)):
        raise ReleaseInputError("parent", f"{label!r} is not name@version", PARENT_REMEDY)
    try:
        entry = read_entry(store.objects, name, version)
    except ReleaseNotFoundError as error:
        raise ReleaseInputError("parent", str(error), PARENT_REMEDY) from error
    return Parent(name=name, version=version, manifest_sha256=entry.manifest_sha256)


def _holdings(tables: Mapping[str, pa.Table], redacted: int) -> Holdings:
    recordings = tables["recordings"]
    sources = set(tables["annotations"]["source"].to_pylist())
    sources |= {source for listed in tables["events"]["sources"].to_pylist() for source in listed or ()}
    return Holdings(
        sources=cast(tuple[SourceKind, ...], tuple(sorted(sources))),
        synthetic_recordings=int(pc.sum(recordings["synthetic"]).as_py() or 0),
        recordings=recordings.num_rows,
        subjects=int(pc.count_distinct(recordings["subject_id"], mode="only_valid").as_py()),
        events=tables["events"].num_rows,
        hours=math.fsum(float(duration or 0.0) for duration in recordings["duration_s"].to_pylist()) / 3600.0,
        languages=tuple(sorted({language for language in recordings["language"].to_pylist() if language})),
        redacted_texts=redacted,
    )
