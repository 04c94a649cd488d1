/* add.h - a small adding machine: the C library of this lesson.
 *
 * Every function may be called from several threads at once. Strings end
 * with a NUL byte. A function that can fail returns a status, ADD_OK or one
 * of ADD_E_*, and then leaves its out-parameter as it was.
 */
#ifndef ADD_H
#define ADD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    ADD_OK = 0,
    ADD_E_TEXT = -1, /* the text holds something else than whole numbers */
    ADD_E_RANGE = -2 /* a number or the sum does not fit 64 bits */
};

/* Returns a + b. The sum must fit an int. */
int add(int a, int b);

/* Returns a * factor + b. */
double add_scaled(int a, double factor, int64_t b);

/* Adds the whole numbers in `text`, which spaces separate; "" adds up to 0.
 * `text` is read, not kept. Writes the sum to `*sum`.
 */
int add_text(const char *text, int64_t *sum);

/* Returns what a status means, or NULL if there is no such status. The
 * library owns the text; it lives as long as the library is loaded.
 */
const char *add_message(int status);

/* Returns the address to which this very call returns: whoever owns that
 * address has made the call.
 */
uintptr_t add_caller(void);

#ifdef __cplusplus
}
#endif

#endif
