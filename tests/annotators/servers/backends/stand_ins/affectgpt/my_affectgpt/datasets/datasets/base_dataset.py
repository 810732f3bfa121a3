"""Reads media and writes prompts by the published code's names."""

from pathlib import Path
from typing import Any

NEEDED = {
    "multiframe_audio_frame_text": ["frame", "audio"],
    "audio_text": ["audio"],
    "frame_text": ["frame"],
    "textonly": [],
}


class BaseDataset:
    def get_needed_data(self, face_or_frame: str) -> list[str]:
        return NEEDED[face_or_frame]

    def read_frame_face_audio_text(self, video_path: Any, face_npy: Any, audio_path: Any, image_path: Any) -> Any:
        assert self.n_frms == 8
        assert type(self.vis_processor).__name__ == "AlproVideoEval"
        assert face_npy is None and image_path is None
        paths = {"frame": video_path, "audio": audio_path}
        return {kind: Path(paths[kind]).read_bytes()[:4].hex() for kind in self.needed_data}

    def get_prompt_for_multimodal(self, face_or_frame: str, subtitle: str, user_message: str) -> str:
        return f"###Human: {face_or_frame} <Subtitle>{subtitle}</Subtitle>. {user_message} ###Assistant: "
