#include "tpl.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What malloc gives: the length, then the text, of which callers know. */
typedef struct {
    int64_t length;
    int64_t unused; /* keeps the text at a multiple of 16 bytes */
    char text[];
} block;

static const char sign[] = "{}";
static int64_t alive, bytes;

static block *block_of(const char *text)
{
    return (block *)(void *)((char *)(uintptr_t)text - offsetof(block, text));
}

/* Adds `size` bytes to what is there, up to `limit`; `to` may be NULL. */
static int64_t append(char *to, int64_t at, int64_t limit, const char *from,
                      size_t size)
{
    size_t room = (size_t)(limit - at);

    if (size > room)
        size = room;
    if (to != NULL)
        memcpy(to + at, from, size);
    return at + (int64_t)size;
}

/* Writes the letter to `to`, or only measures it; returns its length. */
static int64_t expand(char *to, const char *pattern, const char *value,
                      int64_t limit)
{
    int64_t at = 0;

    for (;;) {
        const char *found = strstr(pattern, sign);
        if (found == NULL)
            return append(to, at, limit, pattern, strlen(pattern));
        at = append(to, at, limit, pattern, (size_t)(found - pattern));
        at = append(to, at, limit, value, strlen(value));
        pattern = found + strlen(sign);
    }
}

int tpl_expand(const char *pattern, const char *value, int64_t limit,
               char **text)
{
    int64_t length;
    block *made;

    if (pattern == NULL || value == NULL || text == NULL || limit < 0)
        return TPL_E_ARGUMENT;
    length = expand(NULL, pattern, value, limit);
    made = malloc(sizeof *made + (size_t)length + 1);
    if (made == NULL)
        return TPL_E_MEMORY;
    made->length = expand(made->text, pattern, value, limit);
    made->text[length] = '\0';
    alive++;
    bytes += length;
    *text = made->text;
    return TPL_OK;
}

void tpl_free(char *text)
{
    if (text == NULL)
        return;
    alive--;
    bytes -= block_of(text)->length;
    free(block_of(text));
}

const char *tpl_sign(void)
{
    return sign;
}

int64_t tpl_length(const char *text)
{
    return block_of(text)->length;
}

int64_t tpl_alive(void)
{
    return alive;
}

int64_t tpl_bytes(void)
{
    return bytes;
}
