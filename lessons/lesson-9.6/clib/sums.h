/* sums: checksums, behind a table of functions that one module hands to
 * another. Who uses a table needs this header and nothing to link.
 */
#ifndef SUMS_H
#define SUMS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SUMS_CAPSULE "sums.API" /* the name of a capsule with a table in it */
#define SUMS_VERSION 2u

enum {
    SUMS_OK = 0,
    SUMS_E_METHOD = -1, /* neither "crc32" nor "luhn" */
    SUMS_E_DIGITS = -2, /* luhn takes digits, and at least one */
    SUMS_E_MEMORY = -3,
    SUMS_E_ARGUMENT = -4 /* NULL, or a negative length */
};

// region: signatures
typedef struct sums_api sums_api;
struct sums_api {
    uint32_t version; /* what the functions mean */
    uint32_t size;    /* bytes of this table: which functions there are */
    int64_t (*sum)(sums_api *self, const char *bytes, int64_t length);
    int64_t (*total)(const sums_api *self); /* the first tables end before */
};
int sums_new(const char *method, sums_api **table); /* yours: sums_free it */
void sums_free(sums_api *table);
void sums_own(sums_api *table, const void *owner);
void sums_end(const void *owner); /* sums_free, for the table of an owner */
const char *sums_name(void);      /* SUMS_CAPSULE, not yours */
int32_t sums_alive(void);
// endregion

/* Tables of all versions begin with version and size; the version changes with
 * the meaning of a function. New functions come at the end: the size grows, the
 * version stays. No function that the size covers is NULL.
 *
 * sum returns a checksum, 0 to 2**32 - 1, or a code, less than 0; other makers
 * of tables may have other codes. total returns how many bytes were summed.
 * Both take the table, which must be alive, from one thread at a time; all
 * other functions may be called from several at once.
 *
 * After an error of sums_new *table is as it was. sums_free takes NULL, too.
 * sums_own notes any address as that of a table's owner, for callers whose own
 * destructor is told that and no more. sums_end without a table does nothing.
 */

#ifdef __cplusplus
}
#endif

#endif
