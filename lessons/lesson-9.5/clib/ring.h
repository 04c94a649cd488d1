/* ring: the last samples of a signal, first in, first out.
 *
 * A ring has `capacity` slots of 16 bits, used in turn. While its slots are
 * lent, they stay where they are; what is in them may change. A call that
 * returns a code below 0 has changed nothing. No pointer may be NULL, but
 * `samples` where `count` is 0. Call from one thread at a time.
 */
#ifndef RING_H
#define RING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    RING_OK = 0,
    RING_E_SIZE = -1,    /* no slot, or fewer than samples in the ring */
    RING_E_FULL = -2,    /* more samples than free slots */
    RING_E_EMPTY = -3,   /* more samples asked for than there are */
    RING_E_OVERLAP = -4, /* `samples` lies in the slots of this ring */
    RING_E_LENT = -5,    /* the slots are lent; or are not, and come back */
    RING_E_MEMORY = -6
};

// region: signatures
typedef struct ring ring;
int ring_new(size_t capacity, ring **made);
int ring_free(ring *r);
int ring_resize(ring *r, size_t capacity);
int ring_write(ring *r, const int16_t *samples, size_t count);
int ring_read(ring *r, int16_t *samples, size_t count);
int16_t *ring_lend(ring *r);
int ring_return(ring *r);
// endregion

/* ring_new makes an empty ring, which the caller owns and passes to ring_free
 * once. ring_resize moves the samples to new slots; it and ring_free answer
 * RING_E_LENT while slots are lent.
 *
 * ring_write copies samples in; ring_read copies the oldest out and forgets
 * them. Both copy all or nothing.
 *
 * ring_lend returns the slots, which the ring goes on to own, and counts one
 * loan; ring_return ends one.
 */
size_t ring_capacity(const ring *r);
size_t ring_count(const ring *r); /* samples in the ring */
size_t ring_lent(const ring *r);  /* loans that have not come back */
int64_t ring_bytes(void);         /* bytes of all rings that are not freed */
const char *ring_text(int code);  /* what it means; static, ASCII */

#ifdef __cplusplus
}
#endif

#endif
