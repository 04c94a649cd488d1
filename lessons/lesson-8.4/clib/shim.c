#include "shim.h"

void shim_get(const packet *of, shim_fields *out)
{
    out->version = of->header.version;
    out->kind = (int32_t)of->header.kind;
    out->length = (int32_t)of->header.length;
    out->priority = (int32_t)of->header.priority;
    out->hops = of->header.hops;
}

static int fits(int32_t value, int bits)
{
    return value >= 0 && value >> bits == 0;
}

// region: set
int shim_set(packet *of, const shim_fields *from)
{
    if (!fits(from->version, 8))
        return 1;
    if (!fits(from->kind, 3))
        return 2;
    if (!fits(from->length, 10))
        return 3;
    if (!fits(from->priority, 3))
        return 4;
    if (!fits(from->hops, 8))
        return 5;
    of->header.version = (uint8_t)from->version;
    of->header.kind = (unsigned)from->kind & 7u;
    of->header.length = (unsigned)from->length & 1023u;
    of->header.priority = (unsigned)from->priority & 7u;
    of->header.hops = (uint8_t)from->hops;
    return 0;
}
// endregion
