/* kv: a key-value store in a file, and cursors that walk over its keys.
 *
 * The file's first line is `kv N`, N being a kv_sync. Each other line is
 * `key=value`; the last one of a key counts. An open store holds all values in
 * memory. Call from one thread at a time.
 */
#ifndef KV_H
#define KV_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// region: signatures
typedef struct kv kv;
typedef struct kv_cursor kv_cursor;
enum kv_mode { KV_READ = 1, KV_WRITE = 2, KV_CREATE = 3 };
enum kv_sync { KV_SYNC_CLOSE = 1, KV_SYNC_PUT = 2 };

int kv_open(const char *path, int32_t mode, int32_t sync, kv **opened);
int kv_close(kv *store); /* the handle is gone, whatever the code says */
int32_t kv_mode(const kv *store);
int32_t kv_sync(const kv *store); /* of the file; a later kv may know more */
int64_t kv_count(const kv *store);
int kv_put(kv *store, const char *key, int64_t value);
int kv_get(const kv *store, const char *key, int64_t *value);
int kv_walk(const kv *store, kv_cursor **cursor);
int kv_next(kv_cursor *cursor, const char **key);
void kv_stop(kv_cursor *cursor); /* NULL is allowed */
int32_t kv_alive(void);          /* open stores and cursors */
// endregion

enum { KV_OK = 0, KV_END = 1 /* of a walk: no error */ };
enum { KV_E_FILE = -1, KV_E_KEY = -2, KV_E_ARGUMENT = -3, KV_E_FORMAT = -4 };
enum { KV_E_MEMORY = -5, KV_E_MODE = -6, KV_E_CHANGED = -7 };

/* KV_E_FILE: the system refused, and errno says why if it is read at once.
 * KV_E_KEY: no such key. KV_E_ARGUMENT: a number that is no kv_mode or no
 * kv_sync, or not a key; a key has 1 to 63 bytes, no '=' and no newline.
 * KV_E_FORMAT: not the file of a kv. KV_E_MODE: open with KV_READ. After an
 * error nothing has changed, and what a pointer of yours leads to is as it was.
 *
 * *opened is owned by the caller, until kv_close. `sync` is for a file that
 * KV_CREATE makes: written by kv_close, or by each kv_put already. What the
 * file refuses is told by kv_close in both cases.
 *
 * *cursor is owned by the caller, until kv_stop. It points into the store:
 * once that is closed, kv_stop is all that a cursor is good for. kv_next
 * gives the next key: *key points into the store, until a new key is put.
 * From then on kv_next gives KV_E_CHANGED.
 */

#ifdef __cplusplus
}
#endif

#endif
