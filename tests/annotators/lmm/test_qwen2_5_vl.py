"""Qwen2.5-VL describes what is seen."""

from osmo.annotators.lmm.qwen2_5_vl import DESCRIBES, create_describer
from osmo.schemas.endpoints import Endpoint, Models


def test_it_says_what_it_looks_at_and_how_long() -> None:
    endpoint = Endpoint(url="http://127.0.0.1:9", model="m", revision="0" * 40)
    describer = create_describer(Models({"qwen2_5_vl": endpoint}))
    assert (describer.name, describer.describes) == ("qwen2_5_vl", "visual")
    assert DESCRIBES.pictures is not None and DESCRIBES.pictures.most >= 8
    assert DESCRIBES.longest_s <= 60.0
