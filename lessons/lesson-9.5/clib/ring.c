#include "ring.h"

#include <stdlib.h>
#include <string.h>

struct ring {
    int16_t *slots; /* owned */
    size_t capacity;
    size_t first; /* slot of the oldest sample */
    size_t count;
    size_t lent;
};

static int64_t bytes;

/* Zeroed slots, which the caller owns; NULL if there is no such memory. */
static int16_t *new_slots(size_t capacity)
{
    if (capacity > PTRDIFF_MAX / sizeof(int16_t))
        return NULL;
    return calloc(capacity, sizeof(int16_t));
}

int ring_new(size_t capacity, ring **made)
{
    ring *r;

    if (capacity == 0)
        return RING_E_SIZE;
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return RING_E_MEMORY;
    r->slots = new_slots(capacity);
    if (r->slots == NULL) {
        free(r);
        return RING_E_MEMORY;
    }
    r->capacity = capacity;
    bytes += (int64_t)(sizeof *r + capacity * sizeof *r->slots);
    *made = r;
    return RING_OK;
}

int ring_free(ring *r)
{
    if (r->lent > 0)
        return RING_E_LENT;
    bytes -= (int64_t)(sizeof *r + r->capacity * sizeof *r->slots);
    free(r->slots);
    free(r);
    return RING_OK;
}

/* Samples from slot `at` on that lie side by side, of `count`. */
static size_t in_a_row(const ring *r, size_t at, size_t count)
{
    return count < r->capacity - at ? count : r->capacity - at;
}

/* memcpy, which wants no NULL even for nothing. */
static void copy(int16_t *to, const int16_t *from, size_t count)
{
    if (count > 0)
        memcpy(to, from, count * sizeof *to);
}

/* Copies the oldest `count` samples to `out`, and leaves them in the ring. */
static void peek(const ring *r, int16_t *out, size_t count)
{
    size_t before_the_end = in_a_row(r, r->first, count);

    copy(out, r->slots + r->first, before_the_end);
    if (count > before_the_end)
        copy(out + before_the_end, r->slots, count - before_the_end);
}

static int is_own(const ring *r, const int16_t *samples, size_t count)
{
    uintptr_t from = (uintptr_t)samples, own = (uintptr_t)r->slots;

    return count > 0 && from < own + r->capacity * sizeof *samples &&
           own < from + count * sizeof *samples;
}

int ring_resize(ring *r, size_t capacity)
{
    int16_t *slots;

    if (r->lent > 0)
        return RING_E_LENT;
    if (capacity == 0 || capacity < r->count)
        return RING_E_SIZE;
    slots = new_slots(capacity);
    if (slots == NULL)
        return RING_E_MEMORY;
    peek(r, slots, r->count);
    free(r->slots);
    bytes +=
        ((int64_t)capacity - (int64_t)r->capacity) * (int64_t)sizeof *slots;
    r->slots = slots;
    r->capacity = capacity;
    r->first = 0;
    return RING_OK;
}

int ring_write(ring *r, const int16_t *samples, size_t count)
{
    size_t at, before_the_end;

    if (count > r->capacity - r->count)
        return RING_E_FULL;
    if (is_own(r, samples, count))
        return RING_E_OVERLAP;
    at = (r->first + r->count) % r->capacity;
    before_the_end = in_a_row(r, at, count);
    copy(r->slots + at, samples, before_the_end);
    if (count > before_the_end)
        copy(r->slots, samples + before_the_end, count - before_the_end);
    r->count += count;
    return RING_OK;
}

int ring_read(ring *r, int16_t *samples, size_t count)
{
    if (count > r->count)
        return RING_E_EMPTY;
    if (is_own(r, samples, count))
        return RING_E_OVERLAP;
    peek(r, samples, count);
    r->first = (r->first + count) % r->capacity;
    r->count -= count;
    return RING_OK;
}

int16_t *ring_lend(ring *r)
{
    r->lent++;
    return r->slots;
}

int ring_return(ring *r)
{
    if (r->lent == 0)
        return RING_E_LENT;
    r->lent--;
    return RING_OK;
}

size_t ring_capacity(const ring *r)
{
    return r->capacity;
}

size_t ring_count(const ring *r)
{
    return r->count;
}

size_t ring_lent(const ring *r)
{
    return r->lent;
}

int64_t ring_bytes(void)
{
    return bytes;
}

const char *ring_text(int code)
{
    switch (code) {
    case RING_E_SIZE:
        return "no such size";
    case RING_E_FULL:
        return "too few free slots";
    case RING_E_EMPTY:
        return "too few samples";
    case RING_E_OVERLAP:
        return "the samples are its own slots";
    case RING_E_LENT:
        return "its slots are lent";
    case RING_E_MEMORY:
        return "no memory";
    default:
        return "no error";
    }
}
