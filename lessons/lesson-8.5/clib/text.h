/* text: tools for text in UTF-8.
 *
 * A text is a sequence of bytes that ends before the first NUL byte. No
 * function keeps a pointer that it was given, and all may be called from
 * several threads at once, on different memory. A function that can fail
 * returns TEXT_OK or more, or one of TEXT_E_*.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TEXT_OK = 0,
    TEXT_E_NULL = -1, /* a pointer is NULL that must not be */
    TEXT_E_UTF8 = -2, /* the bytes of the text are not UTF-8 */
    TEXT_E_ROOM = -3  /* the output does not fit the room given */
};

// region: functions
/* Returns how many characters `text` has, or TEXT_E_NULL or TEXT_E_UTF8. */
int64_t text_count(const char *text);

/* Changes a to z into A to Z, in the caller's own memory. Returns TEXT_OK;
 * TEXT_E_NULL or TEXT_E_UTF8, and then changes nothing.
 */
int text_upper(char *text);

/* Writes `text` as one word for a POSIX shell: between single quotes, with
 * '\'' for each quote inside. `out` has room for `room` bytes, the NUL byte
 * included, and may be NULL if `room` is 0. *length becomes the number of
 * bytes of the word, the NUL byte NOT included; on TEXT_E_ROOM too, so that
 * the caller can make room and call again. On an error, `out` is unchanged;
 * on TEXT_E_NULL and TEXT_E_UTF8, *length is as well.
 */
int text_quote(const char *text, char *out, size_t room, size_t *length);

/* Returns what a status means, in ASCII; never NULL. The library owns it. */
const char *text_message(int status);
// endregion

#ifdef __cplusplus
}
#endif

#endif
