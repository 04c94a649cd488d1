#include "kv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_KEY 63 /* bytes */

/* A key, '=', the longest number, a newline and the NUL. */
#define LINE_SIZE (MAX_KEY + 1 + 20 + 2)

typedef struct {
    char key[MAX_KEY + 1];
    int64_t value;
} entry;

struct kv {
    size_t count, room;
    entry *entries; /* owned; `room` of them, `count` in use, in order */
    FILE *file;     /* owned */
    int32_t mode, sync;
    int reason; /* errno of a write that the file refused, or 0 */
};

struct kv_cursor {
    const kv *store; /* borrowed */
    size_t next;
    size_t count; /* of the store, when the walk began */
};

static int32_t alive;

static int is_key(const char *key)
{
    size_t length = key == NULL ? 0 : strcspn(key, "=\n");

    return length > 0 && length <= MAX_KEY && key[length] == '\0';
}

static entry *find(const kv *store, const char *key)
{
    for (size_t i = 0; i < store->count; i++)
        if (strcmp(store->entries[i].key, key) == 0)
            return &store->entries[i];
    return NULL;
}

/* Sets the value in memory only. */
static int set(kv *store, const char *key, int64_t value)
{
    entry *found = find(store, key);

    if (found == NULL && store->count == store->room) {
        size_t room = store->room * 2 + 8;
        entry *more = realloc(store->entries, room * sizeof *more);
        if (more == NULL)
            return KV_E_MEMORY;
        store->entries = more;
        store->room = room;
    }
    if (found == NULL) {
        found = &store->entries[store->count++];
        strcpy(found->key, key);
    }
    found->value = value;
    return KV_OK;
}

/* Takes a line of the file, `key=value`. */
static int take(kv *store, char *text)
{
    char *sign = strchr(text, '=');
    char *end;
    long long value;

    if (sign == NULL)
        return KV_E_FORMAT;
    *sign = '\0';
    errno = 0;
    value = strtoll(sign + 1, &end, 10);
    if (!is_key(text) || errno == ERANGE || end == sign + 1 || *end != '\n')
        return KV_E_FORMAT;
    return set(store, text, value);
}

static int read_all(kv *store)
{
    char text[LINE_SIZE];
    int code = KV_OK;

    if (fgets(text, sizeof text, store->file) == NULL) {
        if (ferror(store->file))
            return KV_E_FILE;
        if (store->mode != KV_CREATE)
            return KV_E_FORMAT;
        code = fprintf(store->file, "kv %" PRId32 "\n", store->sync);
        return code < 0 ? KV_E_FILE : KV_OK;
    }
    if (sscanf(text, "kv %" SCNd32 "\n", &store->sync) != 1)
        return KV_E_FORMAT;
    while (code == KV_OK && fgets(text, sizeof text, store->file) != NULL)
        code = take(store, text);
    return ferror(store->file) ? KV_E_FILE : code;
}

int kv_open(const char *path, int32_t mode, int32_t sync, kv **opened)
{
    static const char *const how[] = {"rb", "r+b", "a+b"};
    kv *store;
    int code;

    if (path == NULL || opened == NULL || mode < KV_READ || mode > KV_CREATE ||
        sync < KV_SYNC_CLOSE || sync > KV_SYNC_PUT)
        return KV_E_ARGUMENT;
    store = malloc(sizeof *store);
    if (store == NULL)
        return KV_E_MEMORY;
    *store = (kv){.mode = mode, .sync = sync};
    alive++;
    store->file = fopen(path, how[mode - KV_READ]);
    code = store->file == NULL ? KV_E_FILE : read_all(store);
    if (code != KV_OK) {
        store->reason = errno;
        (void)kv_close(store);
        return code;
    }
    *opened = store;
    return KV_OK;
}

int kv_close(kv *store)
{
    int reason = store->reason;

    if (store->file != NULL && fclose(store->file) != 0)
        reason = errno;
    free(store->entries);
    free(store);
    alive--;
    errno = reason;
    return reason == 0 ? KV_OK : KV_E_FILE;
}

int32_t kv_mode(const kv *store)
{
    return store->mode;
}

int32_t kv_sync(const kv *store)
{
    return store->sync;
}

int64_t kv_count(const kv *store)
{
    return (int64_t)store->count;
}

int kv_put(kv *store, const char *key, int64_t value)
{
    int code;

    if (store->mode == KV_READ)
        return KV_E_MODE;
    code = is_key(key) ? set(store, key, value) : KV_E_ARGUMENT;
    if (code != KV_OK)
        return code;
    /* What the file refuses, kv_close tells. */
    if (fprintf(store->file, "%s=%" PRId64 "\n", key, value) < 0 ||
        (store->sync != KV_SYNC_CLOSE && fflush(store->file) != 0))
        store->reason = errno;
    return KV_OK;
}

int kv_get(const kv *store, const char *key, int64_t *value)
{
    const entry *found;

    if (!is_key(key))
        return KV_E_ARGUMENT;
    found = find(store, key);
    if (found == NULL)
        return KV_E_KEY;
    *value = found->value;
    return KV_OK;
}

int kv_walk(const kv *store, kv_cursor **cursor)
{
    kv_cursor *made = malloc(sizeof *made);

    if (made == NULL)
        return KV_E_MEMORY;
    *made = (kv_cursor){.store = store, .count = store->count};
    alive++;
    *cursor = made;
    return KV_OK;
}

int kv_next(kv_cursor *cursor, const char **key)
{
    const kv *store = cursor->store;

    if (cursor->count != store->count)
        return KV_E_CHANGED;
    if (cursor->next == store->count)
        return KV_END;
    *key = store->entries[cursor->next++].key;
    return KV_OK;
}

void kv_stop(kv_cursor *cursor)
{
    if (cursor == NULL)
        return;
    free(cursor);
    alive--;
}

int32_t kv_alive(void)
{
    return alive;
}
