"""zstandard: compression by its cffi backend, a module that stock cffi compiled."""

import io
import os

os.environ["PYTHON_ZSTANDARD_IMPORT_POLICY"] = "cffi"

import zstandard  # noqa: E402

TEXT = b"four bridges between Python and C " * 500


def check_backend() -> list:
    return [zstandard.backend, zstandard.ZSTD_VERSION, zstandard.MAGIC_NUMBER]


def check_round_trips() -> list:
    results = []
    for level in (1, 3, 19):
        small = zstandard.ZstdCompressor(level=level, write_checksum=True).compress(TEXT)
        results.append((len(small), zstandard.ZstdDecompressor().decompress(small) == TEXT))
    return results


def check_streams() -> list:
    out = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(out, closefd=False) as writer:
        for at in range(0, len(TEXT), 1000):
            writer.write(TEXT[at : at + 1000])
        writer.flush(zstandard.FLUSH_FRAME)
    out.seek(0)
    pieces = list(zstandard.ZstdDecompressor().read_to_iter(out, read_size=11))
    frame = zstandard.get_frame_parameters(out.getvalue())
    return [len(out.getvalue()), b"".join(pieces) == TEXT, frame.window_size, frame.has_checksum]


def check_dictionaries() -> list:
    samples = [b"bridge %d goes from Python to C and back %d" % (i, i * i) for i in range(400)]
    dictionary = zstandard.train_dictionary(1024, samples)
    small = zstandard.ZstdCompressor(dict_data=dictionary).compress(samples[7])
    again = zstandard.ZstdDecompressor(dict_data=dictionary).decompress(small)
    return [len(dictionary), dictionary.dict_id(), len(small), again]


def check_errors() -> list:
    results = []
    for call in (
        lambda: zstandard.ZstdDecompressor().decompress(b"no frame"),
        lambda: zstandard.ZstdCompressor(level=99),
        lambda: zstandard.ZstdDecompressor(max_window_size=1 << 10).decompress(
            zstandard.ZstdCompressor(level=19).compress(TEXT * 50)
        ),
    ):
        try:
            results.append(type(call()).__name__)
        except Exception as error:
            results.append((type(error).__name__, str(error)))
    return results


def check_many_buffers() -> list:
    frames = [zstandard.ZstdCompressor().compress(TEXT[:size]) for size in (1, 10, 100)]
    return [zstandard.ZstdDecompressor().decompress(frame) for frame in frames]
