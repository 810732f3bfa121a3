"""The Croissant description (MLCommons, 1.0) of a release: its files, and the fields of its tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from pydantic import JsonValue

from osmo.schemas.manifest import FileEntry
from osmo.schemas.tables import TABLES

PARQUET = "application/x-parquet"
_CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
_CONTEXT: dict[str, JsonValue] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(
    *,
    name: str,
    version: str,
    title: str,
    description: str,
    license: str,
    tables: Mapping[str, pa.Table],
    files: Sequence[FileEntry],
) -> bytes:
    """croissant.json of a release.

    Every Parquet file is a file object with its hash; the parts of a table are a file set, which its record set reads.
    Columns of structures are left out: the format has no word for lists of them in Parquet.
    """
    distribution: list[JsonValue] = [_file_object(entry) for entry in files if entry.rows is not None]
    distribution += [_file_set(table) for table in tables]
    document: dict[str, JsonValue] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        "name": name,
        "alternateName": title,
        "description": description,
        "license": license,
        "version": version,
        "isLiveDataset": False,
        "distribution": distribution,
        "recordSet": [_record_set(table, rows.schema) for table, rows in tables.items()],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _file_object(entry: FileEntry) -> JsonValue:
    return {
        "@type": "cr:FileObject",
        "@id": entry.path,
        "name": entry.path,
        "contentUrl": entry.path,
        "contentSize": f"{entry.bytes} B",
        "encodingFormat": PARQUET,
        "sha256": entry.sha256,
    }


def _file_set(table: str) -> JsonValue:
    return {
        "@type": "cr:FileSet",
        "@id": f"{table}-parts",
        "name": f"{table}-parts",
        "description": f"The parts of table {table}.",
        "encodingFormat": PARQUET,
        "includes": f"data/{table}/*.parquet",
    }


def _record_set(table: str, schema: pa.Schema) -> JsonValue:
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": TABLES[table].doc,
        "field": [_field(table, field) for field in schema if _data_type(field.type) is not None],
    }


def _field(table: str, field: pa.Field[Any]) -> JsonValue:
    described: dict[str, JsonValue] = {
        "@type": "cr:Field",
        "@id": f"{table}/{field.name}",
        "name": field.name,
        "description": (field.metadata or {}).get(b"doc", b"").decode(),
        "dataType": _data_type(field.type),
        "source": {"fileSet": {"@id": f"{table}-parts"}, "extract": {"column": field.name}},
    }
    if pa.types.is_list(field.type):
        described["repeated"] = True
    return described


def _data_type(kind: pa.DataType) -> str | None:
    """The Croissant type of a column; null: it has none."""
    if isinstance(kind, pa.ListType):
        return None if pa.types.is_nested(kind.value_type) else _data_type(kind.value_type)
    tests = (
        (pa.types.is_string, "sc:Text"),
        (pa.types.is_boolean, "sc:Boolean"),
        (pa.types.is_integer, "sc:Integer"),
        (pa.types.is_floating, "sc:Float"),
        (pa.types.is_timestamp, "sc:DateTime"),
    )
    return next((name for test, name in tests if test(kind)), None)
