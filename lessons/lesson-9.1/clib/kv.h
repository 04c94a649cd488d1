/* kv: a key-value store in a text file, one `key=value` a line.
 *
 * Each function opens the file, does its work and closes it; kv_put adds a
 * line, and the last line of a key counts. Paths and keys are strings that
 * the library reads during the call and does not keep. Call from one thread
 * at a time: kv_open_files counts in a global variable.
 */
#ifndef KV_H
#define KV_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KV_MAX_KEY 63 /* bytes */

// region: codes
enum {
    KV_OK = 0,
    KV_E_FILE = -1,     /* the system refused the file: errno says why */
    KV_E_KEY = -2,      /* the file has no such key */
    KV_E_ARGUMENT = -3, /* NULL, or not a key: see kv_get */
    KV_E_FORMAT = -4    /* a line of the file is not `key=value` */
};
// endregion

// region: signatures
int kv_get(const char *path, const char *key, int64_t *value, int32_t *line);
int kv_put(const char *path, const char *key, int64_t value);
int64_t kv_count(const char *path, int32_t *line);
int kv_exists(const char *path);
const char *kv_message(int code);
int32_t kv_open_files(void);
// endregion

/* kv_get writes the value of key to *value, and returns KV_OK or a code. A
 * key has 1 to KV_MAX_KEY bytes, none of them '=' or a newline. After an
 * error *value is as it was. After KV_E_FORMAT *line is the number of the
 * bad line, counted from 1; otherwise it is as it was.
 *
 * kv_put makes the file if there is none, and returns KV_OK or a code.
 *
 * kv_count returns the number of lines, which is not negative; or a code,
 * which is. *line as with kv_get.
 *
 * kv_exists returns 1 if there is a file, or 0: that is no error.
 * kv_message returns what a code means, or NULL; the text lives for ever.
 * kv_open_files returns how many files are open: 0 between calls.
 *
 * errno is the reason directly after KV_E_FILE. At any other time it holds
 * what happens to lie there, and every function here may change it.
 */

#ifdef __cplusplus
}
#endif

#endif
