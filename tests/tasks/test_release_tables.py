"""What a table loses and gains on its way into a release."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from releases_fixture import World

from osmo.schemas.table import LOG_COLUMNS, SchemaMismatchError
from osmo.tasks.release_tables import SORT_KEYS, ReleaseInputError, clip_files, released


def replaced(table: pa.Table, column: str, values: list[object]) -> pa.Table:
    index = table.schema.get_field_index(column)
    field = table.schema.field(index)
    return table.set_column(index, field, pa.array(values, field.type))


def test_rows_are_sorted_by_stable_keys_without_the_logs_columns(world: World) -> None:
    stored = world.tables["clips"]
    for column in LOG_COLUMNS[:2]:
        stored = stored.append_column(column.name, pa.array(["x"] * stored.num_rows))
    shaped, _ = released({**world.tables, "clips": stored}, include_media=True)
    for name, table in shaped.items():
        assert not {column.name for column in LOG_COLUMNS} & set(table.column_names)
        assert table.equals(table.sort_by([(key, "ascending") for key in SORT_KEYS[name]]))


def test_votes_of_each_voter_stay_with_the_candidates(world: World) -> None:
    shaped, _ = released(world.tables, include_media=True)
    assert shaped["candidates"]["label_lexicon"].unique().to_pylist() == ["joy"]


def test_emails_are_taken_out_of_texts_and_lists(world: World) -> None:
    events = world.tables["events"]
    said = [["write to x.y@mail.example.org!"]] + [["glad"]] * (events.num_rows - 1)
    shaped, redacted = released(
        {**world.tables, "events": replaced(events, "own_words", list(said))}, include_media=True
    )
    assert redacted == 24 + 1
    assert shaped["events"]["own_words"].to_pylist().count(["write to [e-mail removed]!"]) == 1
    assert set(shaped["segments"]["text"].to_pylist()) == {"mail me: [e-mail removed]"}


@pytest.mark.parametrize("address", ["/srv/x.mp4", "s3://b/x.mp4", "C:\\x.mp4", "~/x.mp4", "media/../../x.mp4"])
def test_an_address_of_a_machine_is_refused(world: World, address: str) -> None:
    media = world.tables["media"]
    addresses: list[object] = [address, *media["uri"].to_pylist()[1:]]
    with pytest.raises(ReleaseInputError, match="address of a machine"):
        released({**world.tables, "media": replaced(media, "uri", addresses)}, include_media=True)


def test_the_same_video_of_two_clips_is_one_file(world: World) -> None:
    shaped, _ = released(world.tables, include_media=True)
    files = clip_files(pa.concat_tables([shaped["clips"], shaped["clips"]]))
    assert len(files) == 24
    path, uri, sha256 = files[0]
    assert (path, Path(uri).name) == (f"media/{sha256[:2]}/{sha256}.mp4", f"{sha256}.mp4")
    assert clip_files(released(world.tables, include_media=False)[0]["clips"]) == []


def test_missing_and_unknown_tables_are_named(world: World) -> None:
    with pytest.raises(ReleaseInputError, match=r"missing \['cues'\], unknown \['pulls'\]"):
        released({("pulls" if n == "cues" else n): t for n, t in world.tables.items()}, include_media=True)
    with pytest.raises(SchemaMismatchError, match="surprise"):
        clips = world.tables["clips"].append_column("surprise", pa.array([1] * 24))
        released({**world.tables, "clips": clips}, include_media=True)


def test_an_event_whose_clip_has_no_video_is_refused(world: World) -> None:
    with pytest.raises(ReleaseInputError, match="no video in media"):
        released({**world.tables, "media": world.tables["media"].slice(1)}, include_media=False)
