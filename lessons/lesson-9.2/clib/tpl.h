/* tpl: letters from templates, in memory that the library allocates.
 *
 * The library counts what it has given away, so that a program can prove
 * that it has given everything back. Call from one thread at a time: the
 * counters are global variables.
 */
#ifndef TPL_H
#define TPL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TPL_OK = 0,
    TPL_E_ARGUMENT = -1, /* a NULL, or a negative limit */
    TPL_E_MEMORY = -2
};

// region: signatures
int tpl_expand(const char *pattern, const char *value, int64_t limit,
               char **text); /* *text is yours: tpl_free it */
void tpl_free(char *text);
const char *tpl_sign(void);           /* not yours */
int64_t tpl_length(const char *text); /* borrows text for the call */
int64_t tpl_alive(void);
int64_t tpl_bytes(void);
// endregion

/* tpl_expand makes a copy of pattern in which each "{}" is value, cut after
 * limit bytes, wherever that is. Both arguments are read during the call and
 * not kept. It writes the new text to *text and returns TPL_OK: the caller
 * owns the text. Or it returns a code, and *text is as it was.
 *
 * tpl_free ends a text of tpl_expand, once; NULL is allowed. Nothing else
 * may free it: the memory begins in front of the text.
 *
 * tpl_sign returns "{}". The library owns it, for ever; do not free it.
 *
 * tpl_length returns the bytes of a text of tpl_expand, without its NUL.
 *
 * tpl_alive returns how many texts are not freed yet, tpl_bytes how many
 * bytes they have together, without their NULs.
 */

#ifdef __cplusplus
}
#endif

#endif
