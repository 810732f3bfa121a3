"""Small media that the contract test sends: a tone after silence, and a film of grey pictures."""

from __future__ import annotations

import base64
import io
import wave

import av
import numpy as np

RATE_HZ = 16_000


def tone_wav(seconds: float) -> bytes:
    """WAV, mono, 16 kHz: silence, then a tone of 440 Hz in its second half."""
    count = int(seconds * RATE_HZ)
    times = np.arange(count) / RATE_HZ
    sound = np.where(times < seconds / 2, 0.0, 0.3 * np.sin(2 * np.pi * 440 * times))
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return made.getvalue()


def grey_mp4(seconds: float, *, fps: int = 5, size: int = 64) -> bytes:
    """MP4 without sound: square pictures that grow lighter."""
    made = io.BytesIO()
    count = max(1, round(seconds * fps))
    with av.open(made, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(count):
            grey = np.full((size, size, 3), 255 * number // count, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    return made.getvalue()


def data_uri(content: bytes, media_type: str) -> str:
    """Bytes as a data: URI."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
