/* add.h - a small adding machine: the C library of this lesson.
 *
 * Every function may be called from several threads at once, and none fails.
 */
#ifndef ADD_H
#define ADD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns a + b. The sum must fit an int. */
int add(int a, int b);

/* Returns a * factor + b. */
double add_scaled(int a, double factor, int64_t b);

/* Returns a + 10 * b + 100 * c + ... + 1000000000 * j: of digits, the number
 * that they write from right to left. Ten arguments are more than any
 * register set that we know takes.
 */
int64_t add_places(int a, int b, int c, int d, int e, int f, int g, int h,
                   int i, int j);

/* Returns the address to which this very call returns: whoever owns that
 * address has made the call.
 */
uintptr_t add_caller(void);

#ifdef __cplusplus
}
#endif

#endif
