"""Builds _lesson_8_4: the shim keeps bit-fields out of the declarations."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    typedef enum { PACKET_NUMBER, PACKET_REAL, PACKET_TEXT, ... } packet_kind;
    typedef union { int64_t number; double real; ...; } packet_value;
    typedef struct { uint32_t sum; uint8_t payload[]; ...; } packet;
    typedef struct { int32_t version, kind, length, priority, hops; } shim_fields;

    void shim_get(const packet *of, shim_fields *out);
    int shim_set(packet *of, const shim_fields *from);
    #define PACKET_VERSION ...
""")
ffibuilder.cdef("""
    const char *packet_kind_name(packet_kind kind);
    uint32_t packet_sum(const packet *of);
    int packet_check(const packet *of, size_t size);
""")
ffibuilder.set_source(
    "_lesson_8_4", '#include "shim.h"', sources=["packet.c", "shim.c"], include_dirs=["."]
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
