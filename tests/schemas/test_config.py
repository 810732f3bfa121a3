"""The configuration: file, environment and snapshot say the same; a wrong name or value is one clear line."""

from pathlib import Path

import pytest

from osmo.schemas.config import (
    ConfigError,
    StoreConfig,
    config_sha,
    dump_config,
    load_config,
    parse_config,
)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and no variable that names a configuration."""
    monkeypatch.delenv("OSMO_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_papers_values_are_the_defaults() -> None:
    config = load_config()
    assert (config.prescreen.quorum, len(config.prescreen.voters), config.prescreen.context_s) == (3, 4, 30.0)
    assert (config.quality.min_duration_s, config.quality.max_duration_s, config.quality.accept_score) == (1.0, 25.0, 8)
    assert config.sense.history == 4


def test_argument_then_variable_then_working_folder(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(nowhere / "osmo.toml", "[prescreen]\nquorum = 1\n")
    named = write(nowhere / "named.toml", "[prescreen]\nquorum = 2\n")
    given = write(nowhere / "given.toml", "[prescreen]\nquorum = 4\n")
    assert load_config().prescreen.quorum == 1
    monkeypatch.setenv("OSMO_CONFIG", str(named))
    assert load_config().prescreen.quorum == 2
    assert load_config(given).prescreen.quorum == 4


def test_the_environment_overrides_single_settings_of_the_file(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(nowhere / "osmo.toml", "[prescreen]\nquorum = 2\ncontext_s = 20.0\n")
    monkeypatch.setenv("OSMO_PRESCREEN__QUORUM", "4")
    monkeypatch.setenv("OSMO_HOME", "/elsewhere")
    prescreen = load_config().prescreen
    assert (prescreen.quorum, prescreen.context_s) == (4, 20.0)


def test_relative_paths_count_from_the_file_and_addresses_stay(nowhere: Path) -> None:
    text = '[store]\nuri = "s3://bucket/store"\n[[sources]]\npath = "../in"\n[[sources]]\npath = "s3://bucket/in"\n'
    config = load_config(write(nowhere / "a" / "b.toml", text))
    assert config.store.uri == "s3://bucket/store"
    assert [Path(source.path).resolve() for source in config.sources[:1]] == [nowhere / "in"]
    assert config.sources[1].path == "s3://bucket/in"
    assert load_config(write(nowhere / "a" / "c.toml", "")).store.uri == str(nowhere / "a" / "store")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[prescreen]\nquorum = 0\n", r"prescreen\.quorum: .*greater than or equal to 1 \(got 0\)"),
        ("[prescreen]\nqorum = 2\n", r"prescreen\.qorum: Extra inputs"),
        ("[voters]\nx = 1\n", "voters: Extra inputs"),
        ("[prescreen\n", "not a TOML file"),
    ],
    ids=["value", "name", "section", "no-toml"],
)
def test_what_is_wrong_is_said_with_its_place(nowhere: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=rf"wrong\.toml: {says}.*osmo init"):
        load_config(write(nowhere / "wrong.toml", text))


def test_a_file_that_is_not_there_is_said(nowhere: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_config(nowhere / "missing.toml")


def test_a_snapshot_reads_back_equal_whatever_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config().model_copy(update={"store": StoreConfig(uri="/x", buckets=3)})
    text = dump_config(config)
    monkeypatch.setenv("OSMO_STORE__BUCKETS", "7")
    read = parse_config(text)
    assert dump_config(read) == text
    assert read.store.buckets == 3
    assert config_sha(text) == config_sha(dump_config(read)) != config_sha(text + "\n")


PINNED = "0123456789abcdef0123456789abcdef01234567"


def test_a_profile_lies_below_the_file_and_above_the_defaults(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'profile = "lmm"\n[prescreen]\nquorum = 2\n[models.desta]\nrevision = "{PINNED}"\n'
    config = load_config(write(nowhere / "osmo.toml", text))
    assert config.prescreen.voters == ("emotion_llama", "affectgpt", "desta", "qwen2_audio")
    assert (config.prescreen.quorum, config.quality.judge, config.quality.accept_score) == (2, "llama3", 8)
    desta = config.models["desta"]
    assert (desta.transport, desta.revision, desta.url) == ("prescreen", PINNED, "http://127.0.0.1:8103")
    monkeypatch.setenv("OSMO_PROFILE", "embedded")
    assert load_config(nowhere / "osmo.toml").prescreen.voters[0] == "lexicon"


def test_a_snapshot_of_a_profile_needs_no_profile(nowhere: Path) -> None:
    text = f'profile = "lmm"\n[models.desta]\nrevision = "{PINNED}"\nurl = "https://gpu:1"\n'
    config = load_config(write(nowhere / "osmo.toml", text))
    again = parse_config(dump_config(config))
    assert again == config
    assert again.known_models().endpoint("desta").address("desta") == "https://gpu:1"


def test_a_profile_that_does_not_exist_is_refused(nowhere: Path) -> None:
    for name in ("lnm", "../profiles/lmm"):
        with pytest.raises(ConfigError, match=r"profile: .*'embedded' or 'lmm'"):
            load_config(write(nowhere / "osmo.toml", f'profile = "{name}"\n'))
