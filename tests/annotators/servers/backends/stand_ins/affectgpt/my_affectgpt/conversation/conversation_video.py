"""A conversation that says what it was given in place of an answer."""

import json
from typing import Any


class Chat:
    def __init__(self, model: Any, model_cfg: Any, device: str = "cuda:0") -> None:
        assert not model.training
        self.model = model

    def postprocess_audio(self, data: Any) -> tuple[Any, Any]:
        return (f"hidden {data['audio']}", data["audio"]) if "audio" in data else (None, None)

    def postprocess_frame(self, data: Any) -> tuple[Any, Any]:
        return (f"hidden {data['frame']}", data["frame"]) if "frame" in data else (None, None)

    def postprocess_multi(self, video: Any, audio: Any) -> tuple[Any, Any]:
        return "hidden", f"{video} + {audio}"

    def answer_sample(self, prompt: str, img_list: Any, **options: Any) -> str:
        print(prompt)  # noqa: T201
        said = {"prompt": prompt, "images": img_list, "options": options, "llm": self.model.place}
        return json.dumps({**said, "weight": float(self.model.affectgpt_proj.weight[0, 0])})
