#include "packet.h"

const char *packet_kind_name(packet_kind kind)
{
    switch (kind) {
    case PACKET_NUMBER:
        return "number";
    case PACKET_REAL:
        return "real";
    case PACKET_TEXT:
        return "text";
    }
    return NULL;
}

uint32_t packet_sum(const packet *of)
{
    const packet_header *header = &of->header;
    const uint32_t fields[] = {header->version, header->kind, header->length,
                               header->priority, header->hops};
    uint32_t sum = 1;

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        sum = sum * 31 + fields[i];
    for (size_t i = 0; i < header->length; i++)
        sum = sum * 31 + of->payload[i];
    return sum;
}

int packet_check(const packet *of, size_t size)
{
    if (size < sizeof *of || size != sizeof *of + of->header.length)
        return PACKET_E_SIZE;
    if (of->header.version != PACKET_VERSION ||
        packet_kind_name(of->header.kind) == NULL)
        return PACKET_E_KIND;
    if (of->header.kind != PACKET_TEXT &&
        of->header.length != sizeof(packet_value))
        return PACKET_E_KIND;
    if (of->sum != packet_sum(of))
        return PACKET_E_SUM;
    return 0;
}
