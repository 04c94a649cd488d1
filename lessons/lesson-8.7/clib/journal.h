/* journal: the log of a program. Its newest line stays in memory.
 *
 * There is one log for each process; write to it from one thread at a time.
 * The library keeps no pointer that it is given.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// region: api
enum { JOURNAL_ERROR = 3, JOURNAL_INFO = 6, JOURNAL_DEBUG = 7 }; /* levels */

#define JOURNAL_ROOM 64 /* bytes of a line, its NUL among them */

int journal_write(int level, const char *format, ...);
int journal_set_mask(unsigned mask);
#define journal_upto(level) journal_set_mask((2u << (level)) - 1u)
const char *journal_last(void);
int64_t journal_lines(void);
// endregion

enum {
    JOURNAL_OFF = 0,
    JOURNAL_E_LEVEL = -1,
    JOURNAL_E_ROOM = -2,
    JOURNAL_E_FORMAT = -3
};

/* journal_write writes "<level>" and what printf would make of the rest.
 * Returns the length of the line in bytes; JOURNAL_OFF if the mask drops
 * this level; JOURNAL_E_LEVEL if it is not 0 to 7; JOURNAL_E_ROOM if the
 * line is too long; JOURNAL_E_FORMAT if the format is NULL or printf fails.
 * Only a line that was written changes the log. Nobody compares the format
 * with the arguments: if they do not agree, the behaviour is undefined.
 *
 * journal_set_mask keeps the levels whose bits are set, from 1 << 0 to
 * 1 << 7. Returns 0; or JOURNAL_E_LEVEL for other bits, and changes nothing.
 *
 * journal_upto keeps 0 to `level`. A level below 0 or above 30 is undefined.
 *
 * journal_last returns the newest line, or "". Borrowed: the next write
 * changes it. journal_lines returns how many lines were written.
 */

#ifdef __cplusplus
}
#endif

#endif
