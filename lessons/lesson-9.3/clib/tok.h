/* tok: takes a text apart without copying it.
 *
 * A reader and all its tokens point into the text of the caller. The library
 * counts its open readers. Call from one thread at a time: the counter is a
 * global variable.
 */
#ifndef TOK_H
#define TOK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TOK_OK = 0,
    TOK_END = 1,         /* no token is left */
    TOK_E_ARGUMENT = -1, /* a NULL, a negative size, or no separator */
    TOK_E_MEMORY = -2
};

typedef struct tok_reader tok_reader;

// region: signatures
int tok_open(const char *text, int64_t size, /* borrowed until tok_close */
             const char *separators,         /* borrowed for the call */
             tok_reader **reader);           /* *reader is yours */
int tok_next(tok_reader *reader, const char **token, /* points into text */
             int64_t *size);
int64_t tok_left(const tok_reader *reader);
void tok_close(tok_reader *reader);
int64_t tok_alive(void);
// endregion

/* tok_open begins to read `size` bytes of text, of any values. Each byte of
 * the string separators ends a token; they are copied. The text is not: it
 * must neither move nor change until tok_close. On TOK_OK the caller owns
 * *reader, otherwise *reader is as it was.
 *
 * tok_next writes where the next token starts and how many bytes it has, at
 * least one, and returns TOK_OK. There is no NUL behind it. Nobody owns a
 * token: it is good as long as the text is, and needs no reader. Otherwise
 * it returns a code, and both places are as they were.
 *
 * tok_left returns how many bytes of the text are not read yet, separators
 * included, or TOK_E_ARGUMENT for NULL.
 *
 * tok_close ends a reader, once; NULL is allowed. The text stays yours.
 *
 * tok_alive returns how many readers are not closed yet.
 */

#ifdef __cplusplus
}
#endif

#endif
