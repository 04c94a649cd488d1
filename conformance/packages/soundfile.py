"""soundfile: libsndfile through out-of-line ABI mode of cffi, with virtual files as callbacks."""

import io
import math
from array import array

import soundfile

RATE = 8000
TONE = [math.sin(index / 5) * 0.5 for index in range(800)]


def _written(kind: str, subtype: str) -> bytes:
    out = io.BytesIO()
    with soundfile.SoundFile(
        out, "w", samplerate=RATE, channels=1, format=kind, subtype=subtype
    ) as file:
        file.title = "four bridges"
        file.buffer_write(array("d", TONE), dtype="float64")
    return out.getvalue()


def check_writing_through_callbacks() -> list:
    return [(kind, len(_written(kind, "PCM_16"))) for kind in ("WAV", "AIFF", "FLAC")]


def check_reading_through_callbacks() -> list:
    results = []
    for kind, subtype in [("WAV", "FLOAT"), ("WAV", "PCM_16"), ("FLAC", "PCM_24")]:
        with soundfile.SoundFile(io.BytesIO(_written(kind, subtype))) as file:
            file.seek(100)
            values = array("f")
            values.frombytes(bytes(file.buffer_read(5, dtype="float32")))
            results.append((len(file), file.samplerate, file.channels, file.subtype, file.tell()))
            results.append([round(value, 4) for value in values])
            results.append(file.title)
    return results


def check_formats() -> list:
    return [
        sorted(soundfile.available_formats().items()),
        soundfile.available_subtypes("FLAC"),
        soundfile.check_format("WAV", "VORBIS"),
        soundfile.default_subtype("OGG"),
    ]


def check_a_broken_file_is_an_error() -> str:
    try:
        soundfile.SoundFile(io.BytesIO(b"no sound at all"))
    except soundfile.LibsndfileError as error:
        return error.error_string
    return "accepted"
