"""Extension points: what is found by the name of its file, and imported only when it is asked for."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from dataclasses import dataclass
from types import ModuleType


class UnknownExtensionError(ValueError):
    """Nothing of a kind has this name."""

    def __init__(self, kind: str, name: str, available: list[str]) -> None:
        self.kind = kind
        self.name = name
        self.available = available
        close = difflib.get_close_matches(name, available, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"No {kind} {name!r}.{hint} Available: {', '.join(available)}.")


@dataclass(frozen=True)
class ExtensionPoint:
    """One kind of extension: `<package>/<name>.py` with a factory.

    Attributes:
        kind: The noun, for messages.
        packages: Where the files lie.
        factory: Name of the function that each of them defines; other files there are helpers.
    """

    kind: str
    packages: tuple[str, ...]
    factory: str

    def names(self) -> list[str]:
        """Names of all extensions, sorted."""
        return sorted(self._modules())

    def create(self, name: str, *arguments: object) -> object:
        """Call the factory of one extension.

        Raises:
            UnknownExtensionError: There is none of this name.
        """
        return getattr(self.module(name), self.factory)(*arguments)

    def module(self, name: str) -> ModuleType:
        """Import the file of one extension.

        Raises:
            UnknownExtensionError: There is none of this name.
        """
        modules = self._modules()
        if name not in modules:
            raise UnknownExtensionError(self.kind, name, sorted(modules))
        return importlib.import_module(modules[name])

    def _modules(self) -> dict[str, str]:
        """Module of each extension; read from sources, so that nothing is imported to be listed."""
        places: dict[str, str] = {}
        for package_name in self.packages:
            for found in pkgutil.iter_modules(importlib.import_module(package_name).__path__):
                spec = found.module_finder.find_spec(found.name, None)
                loader = spec.loader if spec else None
                source = loader.get_source(found.name) if loader and hasattr(loader, "get_source") else None
                if source and f"\ndef {self.factory}(" in source:
                    assert found.name not in places, f"two files define the {self.kind} {found.name}"
                    places[found.name] = f"{package_name}.{found.name}"
        return places
