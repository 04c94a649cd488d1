#include "packet.h"

uint32_t packet_number(const unsigned char *packet)
{
    return *(const uint32_t *)(packet + 1);
}
