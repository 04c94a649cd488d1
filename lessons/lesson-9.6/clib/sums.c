#include "sums.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What we know of a table and its users do not. */
typedef struct engine {
    sums_api api; /* first, so that a table's address is that of its engine */
    int64_t total;
    const void *owner; /* NULL without one; not ours */
    struct engine *next;
} engine;

static engine *engines; /* all of them, under the lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t sum_crc32(sums_api *self, const char *bytes, int64_t length)
{
    uint32_t sum = 0xffffffffu;

    if (length < 0 || (bytes == NULL && length > 0))
        return SUMS_E_ARGUMENT;
    for (int64_t at = 0; at < length; at++) {
        sum ^= (unsigned char)bytes[at];
        for (int bit = 0; bit < 8; bit++)
            sum = (sum >> 1) ^ (sum & 1u ? 0xedb88320u : 0u);
    }
    ((engine *)self)->total += length;
    return (int64_t)(sum ^ 0xffffffffu);
}

/* The digit that makes a card's number whole: every other digit counts double,
 * the last one first. */
static int64_t sum_luhn(sums_api *self, const char *bytes, int64_t length)
{
    int64_t sum = 0;

    if (length < 0 || (bytes == NULL && length > 0))
        return SUMS_E_ARGUMENT;
    if (length == 0)
        return SUMS_E_DIGITS;
    for (int64_t at = 0; at < length; at++) {
        int digit = bytes[at] - '0';

        if (digit < 0 || digit > 9)
            return SUMS_E_DIGITS;
        if ((length - at) % 2 == 1)
            digit = digit < 5 ? 2 * digit : 2 * digit - 9;
        sum += digit;
    }
    ((engine *)self)->total += length;
    return (10 - sum % 10) % 10;
}

static int64_t total_of(const sums_api *self)
{
    return ((const engine *)self)->total;
}

int sums_new(const char *method, sums_api **table)
{
    int64_t (*sum)(sums_api *, const char *, int64_t);
    engine *made;

    if (method == NULL || table == NULL)
        return SUMS_E_ARGUMENT;
    if (strcmp(method, "crc32") == 0)
        sum = sum_crc32;
    else if (strcmp(method, "luhn") == 0)
        sum = sum_luhn;
    else
        return SUMS_E_METHOD;
    made = malloc(sizeof *made);
    if (made == NULL)
        return SUMS_E_MEMORY;
    made->api.version = SUMS_VERSION;
    made->api.size = sizeof made->api;
    made->api.sum = sum;
    made->api.total = total_of;
    made->total = 0;
    made->owner = NULL;
    (void)pthread_mutex_lock(&lock);
    made->next = engines;
    engines = made;
    (void)pthread_mutex_unlock(&lock);
    *table = &made->api;
    return SUMS_OK;
}

/* Ends the engine with this table, or else that of this owner. */
static void end_engine(const sums_api *table, const void *owner)
{
    (void)pthread_mutex_lock(&lock);
    for (engine **link = &engines; *link != NULL; link = &(*link)->next) {
        engine *each = *link;

        if (table != NULL ? &each->api == table : each->owner == owner) {
            *link = each->next;
            free(each);
            break;
        }
    }
    (void)pthread_mutex_unlock(&lock);
}

void sums_free(sums_api *table)
{
    if (table != NULL)
        end_engine(table, NULL);
}

void sums_own(sums_api *table, const void *owner)
{
    (void)pthread_mutex_lock(&lock);
    ((engine *)table)->owner = owner;
    (void)pthread_mutex_unlock(&lock);
}

void sums_end(const void *owner)
{
    if (owner != NULL)
        end_engine(NULL, owner);
}

const char *sums_name(void)
{
    return SUMS_CAPSULE;
}

int32_t sums_alive(void)
{
    int32_t count = 0;

    (void)pthread_mutex_lock(&lock);
    for (const engine *each = engines; each != NULL; each = each->next)
        count++;
    (void)pthread_mutex_unlock(&lock);
    return count;
}
