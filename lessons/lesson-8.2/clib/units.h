/* units: conversions in whole numbers, and one in degrees.
 *
 * All functions are pure: they keep nothing and may be called from several
 * threads at once. A result is stored where the caller says, and only when
 * 0 is returned; that memory stays the caller's.
 */
#ifndef UNITS_H
#define UNITS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UNITS_E_INCHES (-1) /* twelve inches and more are a foot */
#define UNITS_E_BLOCK (-2)  /* a block of no bytes */
#define UNITS_E_RANGE (-3)  /* the result does not fit */

/* Stores `feet` and `inches` together in *tenths, in tenths of a millimetre.
 * Returns 0, or UNITS_E_INCHES if `inches` is more than 11.
 */
int units_length(int32_t feet, uint8_t inches, int64_t *tenths);

/* Stores in *count how many blocks of `block` bytes hold `bytes` bytes.
 * Returns 0, or UNITS_E_BLOCK if `block` is 0.
 */
int units_blocks(size_t bytes, uint32_t block, size_t *count);

/* Stores `minutes` in *seconds, as seconds.
 * Returns 0, or UNITS_E_RANGE if a long cannot hold them.
 */
int units_seconds(long minutes, long *seconds);

/* Returns degrees Fahrenheit as degrees Celsius; NaN stays NaN. */
double units_celsius(double fahrenheit);

/* Returns how many bits a long had where this library was compiled. */
int units_long_bits(void);

#ifdef __cplusplus
}
#endif

#endif
