"""The dataset card of a release: what it is, whose work it rests on, how to load it, what every column means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pyarrow as pa

from osmo.schemas.manifest import Holdings, Parent, Provenance, SplitProof
from osmo.schemas.tables import TABLES
from osmo.tasks.protocol import SPLITS_OF_A_PROTOCOL

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(
    *,
    name: str,
    version: str,
    title: str,
    license: str,
    holdings: Holdings,
    tables: Mapping[str, pa.Table],
    proofs: Sequence[SplitProof],
    provenance: Provenance,
    parent: Parent | None,
    include_media: bool,
) -> str:
    """README.md of a release, with the YAML `configs` by which `datasets.load_dataset` finds tables and splits."""
    sections = [
        _front_matter(title, license, holdings, tables, proofs),
        f"# {title}\n\n{_notice(holdings)}",
        f"Release `{name}` version `{version}`"
        + (f", successor of `{parent.name}@{parent.version}`" if parent else "")
        + ": emotion events on the timelines of the wearers of smart glasses, with causes and step-by-step reasoning. "
        "The emotion is always that of the wearer, the person behind the camera.",
        _counts(holdings, tables, include_media),
        _funnel(provenance),
        _splits(proofs),
        _loading(name, version, tables, proofs, include_media),
        _provenance(provenance),
        _dictionary(tables),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def caveats(holdings: Holdings) -> list[str]:
    """What must be said first of a release that does not rest on people's work and real recordings alone."""
    found: list[str] = []
    if "simulated" in holdings.sources:
        found.append("It holds SIMULATED annotations, made by programs to test the pipeline, not by people.")
    if "replayed" in holdings.sources:
        found.append("It holds REPLAYED annotations: labels of an earlier dataset, entered again by a program.")
    if holdings.synthetic_recordings:
        found.append(
            f"{holdings.synthetic_recordings} of its {holdings.recordings} recordings are SYNTHETIC: rendered by a "
            "program, of nobody."
        )
    if {"simulated", "replayed"} & set(holdings.sources):
        found.append("No agreement figure is given for such annotations.")
    if found:
        found.append("Nothing about people's emotions can be concluded from these parts.")
    return found


def _notice(holdings: Holdings) -> str:
    said = caveats(holdings)
    return "> **Note.** " + " ".join(said) if said else "All annotations are people's; all recordings are recorded."


def _front_matter(
    title: str, license: str, holdings: Holdings, tables: Mapping[str, pa.Table], proofs: Sequence[SplitProof]
) -> str:
    # JSON strings are YAML strings, so whatever a title holds stays one string.
    lines = ["---", f"pretty_name: {json.dumps(title, ensure_ascii=False)}", f"license: {json.dumps(license)}"]
    if holdings.languages:
        lines += ["language:", *(f"- {json.dumps(language)}" for language in holdings.languages)]
    size = next((label for limit, label in _SIZES if holdings.events < limit), "n>1M")
    lines += ["size_categories:", f"- {json.dumps(size)}", "configs:"]
    # `datasets` cannot load a split of no rows: an empty table has no config, and the card says so.
    filled_tables = sorted((name for name, rows in tables.items() if rows.num_rows), key=lambda n: (n != "events", n))
    for place, table in enumerate(filled_tables):
        lines += [f"- config_name: {json.dumps(table)}", *(["  default: true"] if place == 0 else [])]
        lines += ["  data_files:", '  - split: "full"', f'    path: "data/{table}/*.parquet"']
    for proof in proofs:
        filled = [split for split in SPLITS_OF_A_PROTOCOL if split not in proof.empty]
        if filled:
            lines += [f"- config_name: {json.dumps(f'events-{proof.protocol}')}", "  data_files:"]
        for split in filled:
            lines += [f'  - split: "{split}"', f'    path: "data/protocol={proof.protocol}/{split}-*.parquet"']
    return "\n".join([*lines, "---"])


def _counts(holdings: Holdings, tables: Mapping[str, pa.Table], include_media: bool) -> str:
    kinds = ", ".join(holdings.sources) or "none"
    rows = [f"| {name} | {table.num_rows} | {TABLES[name].doc} |" for name, table in tables.items()]
    return "\n".join(
        [
            "## What it holds",
            "",
            f"- {holdings.events} events of {holdings.subjects} known subjects in {holdings.recordings} recordings, "
            f"{holdings.hours:.2f} hours",
            f"- languages: {', '.join(holdings.languages) or 'unknown'}",
            f"- annotations by: {kinds}",
            f"- clips' videos: {'in `media/`' if include_media else 'in the store, not in this folder'}",
            f"- texts from which an e-mail address was taken out: {holdings.redacted_texts}",
            "",
            "| table | rows | what |",
            "| --- | ---: | --- |",
            *rows,
        ]
    )


def _funnel(provenance: Provenance) -> str:
    if not provenance.funnel:
        return ""
    rows = [
        f"| {step.step} | {step.count} | {'' if step.hours is None else f'{step.hours:.2f}'} |"
        for step in provenance.funnel
    ]
    return "\n".join(["## Funnel", "", "| step | count | hours |", "| --- | ---: | ---: |", *rows])


def _splits(proofs: Sequence[SplitProof]) -> str:
    lines = ["## Splits", ""]
    for proof in proofs:
        counts = ", ".join(f"{what} {count}" for what, count in proof.counts.items())
        lines.append(f"- **{proof.protocol}** (seed {proof.seed}): {proof.claim} Events: {counts}.")
        lines += [f"  - {split} is empty: {reason}." for split, reason in proof.empty.items()]
        lines += [f"  - {note}" for note in proof.notes]
        lines.append(f"  - proved on every event: {'; '.join(proof.checked)}.")
    return "\n".join(lines)


def _loading(
    name: str, version: str, tables: Mapping[str, pa.Table], proofs: Sequence[SplitProof], include_media: bool
) -> str:
    config = next((f"events-{proof.protocol}" for proof in proofs if "train" not in proof.empty), None)
    lines = [
        "## How to load it",
        "",
        "```python",
        "import osmo.storage.releases",
        f'release = osmo.storage.releases.open("{name}", "{version}")   # verified against the catalog',
        'events = release.table("events")',
        'video = release.media(events["event_id"][0].as_py())',
        "",
        "import datasets, duckdb, pandas, polars   # each reads the folder as it lies, unverified",
        'datasets.load_dataset("<this folder>", "events", split="full")',
    ]
    if config:
        lines.append(f'datasets.load_dataset("<this folder>", "{config}")')
    empty = [table for table, rows in tables.items() if not rows.num_rows]
    lines += [
        "duckdb.execute(\"SELECT * FROM read_parquet('<this folder>/data/events/*.parquet')\")",
        'pandas.read_parquet("<this folder>/data/events")',
        'polars.read_parquet("<this folder>/data/events/*.parquet")',
        "```",
        "",
        "The video of an event is at `media_path` below this folder, and starts at `media_start_s` of the recording."
        if include_media
        else "The video of an event is at `media_uri` below the store's root.",
    ]
    if empty:
        lines += ["", f"Without rows, and so unknown to `datasets` (the others open them): {', '.join(empty)}."]
    return "\n".join(lines)


def _provenance(provenance: Provenance) -> str:
    lines = [
        "## Where it comes from",
        "",
        f"- OSMO {provenance.osmo_version}, commit {provenance.git_commit or 'unknown'}, "
        f"emotion vocabulary {provenance.vocabulary_version}",
    ]
    lines += [f"- {model}: revision {revision}" for model, revision in sorted(provenance.models.items())]
    lines += [
        f"- Label Studio {export.instance}, project {export.project_id}: {len(export.export_ids)} raw pulls"
        for export in provenance.label_studio
    ]
    lines.append(f"- consents on file: {len(provenance.consents)}; the rest is in `manifest.json`")
    return "\n".join(lines)


def _dictionary(tables: Mapping[str, pa.Table]) -> str:
    lines = ["## Data dictionary"]
    for name, table in tables.items():
        lines += ["", f"### {name}", "", TABLES[name].doc, "", "| column | type | null | meaning |"]
        lines.append("| --- | --- | --- | --- |")
        for field in table.schema:
            doc = (field.metadata or {}).get(b"doc", b"").decode().replace("|", "\\|")
            kind = str(field.type).replace("|", "\\|")
            lines.append(f"| {field.name} | `{kind}` | {'yes' if field.nullable else 'no'} | {doc} |")
    return "\n".join(lines)
