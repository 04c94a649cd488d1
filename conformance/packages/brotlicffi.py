"""brotlicffi: compression by a module that stock cffi compiled."""

import brotlicffi

TEXT = b"four bridges between Python and C " * 200


def check_round_trips() -> list:
    results = []
    for quality in (0, 5, 11):
        small = brotlicffi.compress(TEXT, quality=quality)
        results.append((len(small), brotlicffi.decompress(small) == TEXT))
    return results


def check_streams() -> list:
    compressor = brotlicffi.Compressor(mode=brotlicffi.BrotliEncoderMode.TEXT)
    small = compressor.process(TEXT[:1000]) + compressor.flush()
    small += compressor.process(TEXT[1000:]) + compressor.finish()
    decompressor = brotlicffi.Decompressor()
    pieces = [decompressor.decompress(small[at : at + 7]) for at in range(0, len(small), 7)]
    return [len(small), b"".join(pieces) == TEXT, decompressor.is_finished()]


def check_errors() -> list:
    results = []
    for broken in (b"no brotli", brotlicffi.compress(TEXT)[:-4]):
        try:
            results.append(brotlicffi.decompress(broken))
        except brotlicffi.error as error:
            results.append(str(error))
    return results


def check_many_streams() -> int:
    return sum(len(brotlicffi.decompress(brotlicffi.compress(TEXT[:size]))) for size in range(99))
