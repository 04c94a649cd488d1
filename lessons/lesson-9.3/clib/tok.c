#include "tok.h"

#include <stdlib.h>

struct tok_reader {
    const char *at, *end;    /* both point into the text of the caller */
    unsigned char ends[256]; /* 1 for each byte that is a separator */
};

static int64_t alive;

int tok_open(const char *text, int64_t size, const char *separators,
             tok_reader **reader)
{
    tok_reader *made;

    if (text == NULL || size < 0 || reader == NULL)
        return TOK_E_ARGUMENT;
    if (separators == NULL || *separators == '\0')
        return TOK_E_ARGUMENT;
    made = calloc(1, sizeof *made);
    if (made == NULL)
        return TOK_E_MEMORY;
    made->at = text;
    made->end = text + size;
    for (; *separators != '\0'; separators++)
        made->ends[(unsigned char)*separators] = 1;
    alive++;
    *reader = made;
    return TOK_OK;
}

static int is_separator(const tok_reader *reader, const char *at)
{
    return reader->ends[(unsigned char)*at];
}

int tok_next(tok_reader *reader, const char **token, int64_t *size)
{
    const char *start;

    if (reader == NULL || token == NULL || size == NULL)
        return TOK_E_ARGUMENT;
    while (reader->at < reader->end && is_separator(reader, reader->at))
        reader->at++;
    if (reader->at == reader->end)
        return TOK_END;
    start = reader->at;
    while (reader->at < reader->end && !is_separator(reader, reader->at))
        reader->at++;
    *token = start;
    *size = reader->at - start;
    return TOK_OK;
}

int64_t tok_left(const tok_reader *reader)
{
    return reader == NULL ? TOK_E_ARGUMENT : reader->end - reader->at;
}

void tok_close(tok_reader *reader)
{
    if (reader == NULL)
        return;
    alive--;
    free(reader);
}

int64_t tok_alive(void)
{
    return alive;
}
