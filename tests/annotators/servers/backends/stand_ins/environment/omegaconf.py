"""As much of OmegaConf as published code and backends use; it is no part of our environment."""

from pathlib import Path
from typing import Any


class Node(dict[str, Any]):
    def __getattr__(self, name: str) -> Any:
        return self[name]


def _node(value: Any) -> Any:
    return Node({name: _node(one) for name, one in value.items()}) if isinstance(value, dict) else value


class OmegaConf:
    @staticmethod
    def create(value: dict[str, Any]) -> Node:
        return _node(value)

    @staticmethod
    def load(path: Path) -> Node:
        import yaml

        return _node(yaml.safe_load(path.read_text()))
