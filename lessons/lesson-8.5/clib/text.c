#include "text.h"

/* How many bytes the character at `at` has, or 0 if it is none. Never reads
 * past a NUL byte, because no character contains one.
 */
static size_t character(const unsigned char *at)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t more, i;

    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xC2 || at[0] > 0xF4)
        return 0;
    more = at[0] < 0xE0 ? 1 : at[0] < 0xF0 ? 2 : 3;
    /* Too long a form, a surrogate, or beyond the last character. */
    if (at[0] == 0xE0)
        low = 0xA0;
    else if (at[0] == 0xED)
        high = 0x9F;
    else if (at[0] == 0xF0)
        low = 0x90;
    else if (at[0] == 0xF4)
        high = 0x8F;
    if (at[1] < low || at[1] > high)
        return 0;
    for (i = 2; i <= more; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    }
    return more + 1;
}

int64_t text_count(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    int64_t count = 0;

    if (text == NULL)
        return TEXT_E_NULL;
    while (*at != '\0') {
        size_t size = character(at);

        if (size == 0)
            return TEXT_E_UTF8;
        at += size;
        count++;
    }
    return count;
}

int text_upper(char *text)
{
    int64_t count = text_count(text);

    if (count < 0)
        return (int)count;
    for (; *text != '\0'; text++) {
        if (*text >= 'a' && *text <= 'z')
            *text = (char)(*text - 'a' + 'A');
    }
    return TEXT_OK;
}

static size_t quoted_length(const char *text)
{
    size_t length = 2;

    for (; *text != '\0'; text++)
        length += *text == '\'' ? 4 : 1;
    return length;
}

int text_quote(const char *text, char *out, size_t room, size_t *length)
{
    int64_t count = text_count(text);
    const char *escape;

    if (count < 0)
        return (int)count;
    if (length == NULL || (out == NULL && room > 0))
        return TEXT_E_NULL;
    *length = quoted_length(text);
    if (*length >= room)
        return TEXT_E_ROOM;
    *out++ = '\'';
    for (; *text != '\0'; text++) {
        if (*text != '\'') {
            *out++ = *text;
            continue;
        }
        for (escape = "'\\''"; *escape != '\0'; escape++)
            *out++ = *escape;
    }
    *out++ = '\'';
    *out = '\0';
    return TEXT_OK;
}

const char *text_message(int status)
{
    switch (status) {
    case TEXT_E_NULL:
        return "no text or no room was given";
    case TEXT_E_UTF8:
        return "not UTF-8";
    case TEXT_E_ROOM:
        return "not enough room";
    default:
        return status >= TEXT_OK ? "success" : "unknown status";
    }
}
