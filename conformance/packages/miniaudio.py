"""miniaudio: sound files by a module that stock cffi compiled."""

import io
import math
import struct
import wave

import miniaudio

SAMPLES = [round(math.sin(index / 9) * 12000) for index in range(4000)]


def _wave() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack(f"<{len(SAMPLES)}h", *SAMPLES))
    return out.getvalue()


def check_information() -> list:
    told = miniaudio.wav_get_info(_wave())
    return [told.nchannels, told.sample_rate, told.num_frames, told.duration, told.sample_format]


def check_decoding() -> list:
    sound = miniaudio.decode(_wave(), nchannels=2, sample_rate=8000)
    return [sound.nchannels, sound.sample_rate, list(sound.samples) == SAMPLES, sound.num_frames]


def check_resampling() -> list:
    sound = miniaudio.decode(_wave(), nchannels=1, sample_rate=16000)
    return [sound.num_frames, list(sound.samples[:20])]


def check_streaming_through_callbacks() -> list:
    class Source(miniaudio.StreamableSource):
        def __init__(self) -> None:
            self.file = io.BytesIO(_wave())

        def read(self, num_bytes: int) -> bytes:
            return self.file.read(num_bytes)

        def seek(self, offset: int, origin: miniaudio.SeekOrigin) -> bool:
            self.file.seek(offset, 0 if origin == miniaudio.SeekOrigin.START else 1)
            return True

    pieces = miniaudio.stream_any(
        Source(), source_format=miniaudio.FileFormat.WAV, nchannels=2, sample_rate=8000
    )
    return [sum(len(piece) for piece in pieces)]


def check_conversion() -> list:
    return [
        miniaudio.lib_version(),
        miniaudio.convert_frames(
            miniaudio.SampleFormat.SIGNED16,
            1,
            8000,
            struct.pack("<4h", 0, 100, -100, 32767),
            miniaudio.SampleFormat.FLOAT32,
            1,
            8000,
        ).hex(),
    ]


def check_errors() -> list:
    try:
        miniaudio.decode(b"no sound at all")
    except miniaudio.DecodeError as error:
        return [str(error)]
    return ["accepted"]
