#include <stdint.h>

/* Returns the number that stands behind the first byte of a packet. */
uint32_t packet_number(const unsigned char *packet);
