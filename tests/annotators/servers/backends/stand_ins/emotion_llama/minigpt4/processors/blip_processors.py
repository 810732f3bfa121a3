"""Pictures as the published code makes them."""

from typing import Any

import numpy as np
import torch


class Blip2ImageEvalProcessor:
    def __init__(self, image_size: int = 224) -> None:
        self.size = image_size

    def __call__(self, picture: Any) -> Any:
        resized = np.asarray(picture.resize((self.size, self.size)), dtype=np.float32) / 255
        return torch.from_numpy(resized).permute(2, 0, 1)
