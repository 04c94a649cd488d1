/* totals: small sums, and a count of how often anybody asked for one.
 *
 * Call from one thread at a time: the count is a global variable. Pointers
 * are only read, during the call.
 */
#ifndef TOTALS_H
#define TOTALS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns a + b. The sum must fit into int: C does not define any other. */
int add(int a, int b);

/* The checksum (FNV-1a, 32 bits) of no bytes. */
#define TOTALS_START 2166136261u

/* Returns the checksum of one more byte, when sum is that of those before.
 * It is often above INT32_MAX.
 */
uint32_t totals_byte(uint32_t sum, uint8_t byte);

/* Returns the checksum of count more bytes; data may be NULL if count is 0. */
uint32_t totals_bytes(uint32_t sum, const uint8_t *data, size_t count);

/* Returns the sum of count numbers; values may be NULL if count is 0. There
 * must be fewer than 2^32 of them, so that it fits.
 */
int64_t totals_sum(const int32_t *values, size_t count);

/* Returns how often the functions above were called, add included. */
uint64_t totals_calls(void);

#ifdef __cplusplus
}
#endif

#endif
