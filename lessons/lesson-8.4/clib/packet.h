/* packet: the packets of a small measuring device, as they lie in memory.
 *
 * All functions are pure: they keep no pointer and may be called from
 * several threads at once. A packet belongs to whoever allocated it. */
#ifndef PACKET_H
#define PACKET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PACKET_VERSION 2
#define PACKET_E_SIZE (-1) /* too short, or not as long as it says */
#define PACKET_E_KIND (-2) /* unknown version or kind, or no such value */
#define PACKET_E_SUM (-3)  /* damaged on its way */

// region: structs
typedef enum {
    PACKET_NUMBER = 1,
    PACKET_REAL = 2,
    PACKET_TEXT = 5
} packet_kind;

typedef struct {
    uint8_t version;
    unsigned kind : 3;    /* a packet_kind */
    unsigned length : 10; /* bytes of payload */
    unsigned priority : 3;
    uint8_t hops;
} packet_header;

typedef union { /* which of them, the kind says */
    int64_t number;
    double real;
} packet_value;

typedef struct {
    packet_header header;
    uint32_t sum;
    uint8_t payload[]; /* a packet_value, or text without an end */
} packet;
// endregion

/* Returns the name of a kind, which lives for ever, or NULL if it is none. */
const char *packet_kind_name(packet_kind kind);

/* Returns the sum that belongs into *of. `length` must be true already. */
uint32_t packet_sum(const packet *of);

/* Returns 0 if the `size` bytes at `of` are one whole packet, else a code
 * from above. `of` must be aligned as a packet; the bytes may be any. */
int packet_check(const packet *of, size_t size);

#ifdef __cplusplus
}
#endif
#endif
