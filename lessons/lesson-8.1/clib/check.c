#include "check.h"

#include <stddef.h>
#include <string.h>

/* The scenarios make other versions by changing these bytes in the file, so
 * the compiler must not know them.
 */
static const volatile char VERSION[] = "check-version 1.4";

int check_version(void)
{
    return (VERSION[14] - '0') * 100 + (VERSION[16] - '0');
}

int check_major(void)
{
    return check_version() / 100;
}

int check_digit(const char *digits)
{
    size_t at;
    int sum = 0, twice = 1;

    if (digits == NULL)
        return CHECK_E_NULL;
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return CHECK_E_DIGITS;
    for (at = strlen(digits); at > 0; at--) {
        int value = (digits[at - 1] - '0') * (twice ? 2 : 1);

        sum = (sum + value / 10 + value % 10) % 10;
        twice = !twice;
    }
    return (10 - sum) % 10;
}
