#define _XOPEN_SOURCE 700 /* catopen */

#include "kv.h"

#include <errno.h>
#include <inttypes.h>
#include <nl_types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A key, '=', the longest number, a newline and the NUL. */
#define LINE_SIZE (KV_MAX_KEY + 1 + 20 + 2)

static int32_t open_files;

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);

    if (file != NULL)
        open_files++;
    return file;
}

/* Closes without touching errno: the reason may lie there already. */
static void close_file(FILE *file)
{
    int reason = errno;

    (void)fclose(file);
    open_files--;
    errno = reason;
}

static int is_key(const char *key)
{
    size_t length;

    if (key == NULL)
        return 0;
    length = strcspn(key, "=\n");
    return length > 0 && length <= KV_MAX_KEY && key[length] == '\0';
}

/* Cuts `key=value` at '=' and reads the value; returns 0 if it is not that. */
static int split(char *text, int64_t *value)
{
    char *sign = strchr(text, '=');
    char *end;
    long long number;

    if (sign == NULL || sign == text || sign[1] == '\0')
        return 0;
    *sign = '\0';
    errno = 0;
    number = strtoll(sign + 1, &end, 10);
    if (errno == ERANGE || end == sign + 1 || *end != '\n')
        return 0;
    *value = number;
    return 1;
}

/* Goes through all lines: the last value of key, which may be NULL, goes to
 * *value, their number to *count. */
static int scan(const char *path, const char *key, int64_t *value,
                int64_t *count, int32_t *line)
{
    char text[LINE_SIZE];
    int64_t last = 0;
    int code = KV_E_KEY;
    FILE *file = open_file(path, "rb");

    if (file == NULL)
        return KV_E_FILE;
    for (*count = 0; fgets(text, sizeof text, file) != NULL; ++*count) {
        int64_t number;
        if (!split(text, &number)) {
            *line = (int32_t)(*count + 1);
            code = KV_E_FORMAT;
            break;
        }
        if (key != NULL && strcmp(text, key) == 0) {
            last = number;
            code = KV_OK;
        }
    }
    if (ferror(file))
        code = KV_E_FILE;
    close_file(file);
    if (code == KV_OK)
        *value = last;
    return code;
}

int kv_get(const char *path, const char *key, int64_t *value, int32_t *line)
{
    int64_t count;

    if (path == NULL || value == NULL || line == NULL || !is_key(key))
        return KV_E_ARGUMENT;
    return scan(path, key, value, &count, line);
}

int kv_put(const char *path, const char *key, int64_t value)
{
    FILE *file;
    int written;

    if (path == NULL || !is_key(key))
        return KV_E_ARGUMENT;
    file = open_file(path, "ab");
    if (file == NULL)
        return KV_E_FILE;
    /* Flushed here: a full disk shows when the buffer is written. */
    written =
        fprintf(file, "%s=%" PRId64 "\n", key, value) > 0 && fflush(file) == 0;
    close_file(file);
    return written ? KV_OK : KV_E_FILE;
}

int64_t kv_count(const char *path, int32_t *line)
{
    int64_t value, count;
    int code;

    if (path == NULL || line == NULL)
        return KV_E_ARGUMENT;
    code = scan(path, NULL, &value, &count, line);
    return code == KV_E_KEY ? count : code;
}

int kv_exists(const char *path)
{
    FILE *file = path == NULL ? NULL : open_file(path, "rb");

    if (file == NULL)
        return 0;
    close_file(file);
    return 1;
}

static const char *in_english(int code)
{
    switch (code) {
    case KV_OK:
        return "it is done";
    case KV_E_FILE:
        return "the system refused the file";
    case KV_E_KEY:
        return "no such key";
    case KV_E_ARGUMENT:
        return "not a key";
    case KV_E_FORMAT:
        return "not key=value";
    default:
        return NULL;
    }
}

/* Asks for a translation first. The catalogue stays open once it is found;
 * while there is none, catopen leaves ENOENT in errno each time. */
const char *kv_message(int code)
{
    static nl_catd catalogue = (nl_catd)-1;
    const char *text = in_english(code);

    if (text == NULL)
        return NULL;
    if (catalogue == (nl_catd)-1)
        catalogue = catopen("kv", NL_CAT_LOCALE);
    if (catalogue == (nl_catd)-1)
        return text;
    return catgets(catalogue, 1, -code + 1, text);
}

int32_t kv_open_files(void)
{
    return open_files;
}
