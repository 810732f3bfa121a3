"""Finds processors by name, as the published code does."""

from typing import Any


class AlproVideoEval:
    @classmethod
    def from_config(cls, cfg: Any) -> "AlproVideoEval":
        assert (cfg.n_frms, cfg.image_size) == (8, 224)
        return cls()


class Registry:
    def get_processor_class(self, name: str) -> Any:
        return {"alpro_video_eval": AlproVideoEval}[name]


registry = Registry()
