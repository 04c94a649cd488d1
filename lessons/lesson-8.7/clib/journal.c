#include "journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char last[JOURNAL_ROOM];
static unsigned kept = 0xffu;
static int64_t lines;

int journal_write(int level, const char *format, ...)
{
    char line[JOURNAL_ROOM];
    const int head = 3; /* "<6>" */
    va_list args;
    int body;

    if (level < 0 || level > 7)
        return JOURNAL_E_LEVEL;
    if (format == NULL)
        return JOURNAL_E_FORMAT;
    if ((kept >> level & 1u) == 0)
        return JOURNAL_OFF;
    snprintf(line, sizeof line, "<%d>", level);
    va_start(args, format);
    body = vsnprintf(line + head, sizeof line - (size_t)head, format, args);
    va_end(args);
    if (body < 0)
        return JOURNAL_E_FORMAT;
    if (body >= JOURNAL_ROOM - head)
        return JOURNAL_E_ROOM;
    memcpy(last, line, sizeof last);
    lines++;
    return head + body;
}

int journal_set_mask(unsigned mask)
{
    if (mask > 0xffu)
        return JOURNAL_E_LEVEL;
    kept = mask;
    return 0;
}

const char *journal_last(void)
{
    return last;
}

int64_t journal_lines(void)
{
    return lines;
}
