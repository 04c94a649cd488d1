/* kv: a key-value store, open between kv_open and kv_close.
 *
 * The file has one `key=value` a line, and the last line of a key counts. An
 * open store holds all values in memory, and what is put goes to the file at
 * the latest when the store is closed. Call from one thread at a time.
 */
#ifndef KV_H
#define KV_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KV_MAX_KEY 63 /* bytes */

enum {
    KV_OK = 0,
    KV_E_FILE = -1,     /* the system refused: errno says why, if read now */
    KV_E_KEY = -2,      /* the store has no such key */
    KV_E_ARGUMENT = -3, /* not a key: see kv_put */
    KV_E_FORMAT = -4,   /* a line of the file is not `key=value` */
    KV_E_MEMORY = -5
};

// region: signatures
typedef struct kv kv;
int kv_open(const char *path, kv **opened);
int kv_close(kv *store);
int kv_put(kv *store, const char *key, int64_t value);
int kv_get(const kv *store, const char *key, int64_t *value);
int64_t kv_count(const kv *store);
int32_t kv_handles(void);
// endregion

/* kv_open opens a store, and makes the file if there is none. *opened is a
 * handle, which the caller owns and passes to kv_close once; after an error
 * *opened is as it was, and nothing is open.
 *
 * kv_close writes what is not written yet and ends the handle, in any case:
 * after KV_E_FILE, too, it must not be used again. NULL is allowed here, and
 * here only; another NULL than a handle is KV_E_ARGUMENT.
 *
 * kv_put gives a key a value. A key has 1 to KV_MAX_KEY bytes, none of them
 * '=' or a newline. After an error nothing has changed.
 *
 * kv_get writes the value to *value; after an error that is as it was.
 *
 * kv_count returns the number of keys, kv_handles that of open handles.
 */

#ifdef __cplusplus
}
#endif

#endif
