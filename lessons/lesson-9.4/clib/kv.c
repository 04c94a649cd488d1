#include "kv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A key, '=', the longest number, a newline and the NUL. */
#define LINE_SIZE (KV_MAX_KEY + 1 + 20 + 2)

typedef struct {
    char key[KV_MAX_KEY + 1];
    int64_t value;
} entry;

struct kv {
    FILE *file;     /* owned */
    entry *entries; /* owned; room for `room` of them */
    size_t count, room;
    int reason; /* errno of the first put that the file refused, or 0 */
};

static int32_t handles;

static int is_key(const char *key)
{
    size_t length = key == NULL ? 0 : strcspn(key, "=\n");

    return length > 0 && length <= KV_MAX_KEY && key[length] == '\0';
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

/* Cuts `key=value` at '=' and reads the value; returns 0 if it is not that. */
static int split(char *text, int64_t *value)
{
    char *sign = strchr(text, '=');
    char *end;
    long long number;

    if (sign == NULL || sign[1] == '\0')
        return 0;
    *sign = '\0';
    errno = 0;
    number = strtoll(sign + 1, &end, 10);
    if (errno == ERANGE || end == sign + 1 || *end != '\n' || !is_key(text))
        return 0;
    *value = number;
    return 1;
}

static int read_all(kv *store)
{
    char text[LINE_SIZE];
    int code = KV_OK;

    while (code == KV_OK && fgets(text, sizeof text, store->file) != NULL) {
        int64_t value;
        code = split(text, &value) ? set(store, text, value) : KV_E_FORMAT;
    }
    return ferror(store->file) ? KV_E_FILE : code;
}

int kv_open(const char *path, kv **opened)
{
    kv *store;
    int code;

    if (path == NULL || opened == NULL)
        return KV_E_ARGUMENT;
    store = malloc(sizeof *store);
    if (store == NULL)
        return KV_E_MEMORY;
    *store = (kv){0};
    handles++;
    store->file = fopen(path, "a+b");
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
    int reason;

    if (store == NULL)
        return KV_OK;
    reason = store->reason;
    if (store->file != NULL && fclose(store->file) != 0)
        reason = errno;
    free(store->entries);
    free(store);
    handles--;
    errno = reason;
    return reason == 0 ? KV_OK : KV_E_FILE;
}

int kv_put(kv *store, const char *key, int64_t value)
{
    int code = is_key(key) ? set(store, key, value) : KV_E_ARGUMENT;

    if (code != KV_OK)
        return code;
    /* A full buffer is written here; what the file refuses, kv_close tells. */
    if (fprintf(store->file, "%s=%" PRId64 "\n", key, value) < 0)
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

int64_t kv_count(const kv *store)
{
    return (int64_t)store->count;
}

int32_t kv_handles(void)
{
    return handles;
}
