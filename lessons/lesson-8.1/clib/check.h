/* check: check digits of long numbers, as on cards and parcels.
 *
 * Libraries with the same major version can stand for each other if the
 * minor version is at least the one that is needed. All functions are pure
 * and may be called from several threads at once.
 */
#ifndef CHECK_H
#define CHECK_H

#ifdef __cplusplus
extern "C" {
#endif

enum {
    CHECK_E_NULL = -1,  /* no digits were given */
    CHECK_E_DIGITS = -2 /* empty, or something else than 0 to 9 */
};

// region: functions
/* Returns 100 times the major version, plus the minor version: 104 is 1.4. */
int check_version(void);

/* Returns the major version; asks check_version. */
int check_major(void);

/* Returns the check digit, 0 to 9, to write behind `digits`, which ends with
 * a NUL byte and is not kept; or CHECK_E_NULL or CHECK_E_DIGITS.
 */
int check_digit(const char *digits);
// endregion

#ifdef __cplusplus
}
#endif

#endif
