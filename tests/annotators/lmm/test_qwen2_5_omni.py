"""Qwen2.5-Omni describes what is heard."""

from osmo.annotators.lmm.qwen2_5_omni import DESCRIBES, create_describer
from osmo.schemas.endpoints import Endpoint, Models


def test_it_says_what_it_looks_at_and_how_long() -> None:
    endpoint = Endpoint(url="http://127.0.0.1:9", model="m", revision="0" * 40)
    describer = create_describer(Models({"qwen2_5_omni": endpoint}))
    assert (describer.name, describer.describes) == ("qwen2_5_omni", "acoustic")
    assert DESCRIBES.pictures is None
    assert DESCRIBES.longest_s <= 30.0
