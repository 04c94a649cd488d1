#include "add.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int add(int a, int b)
{
    return a + b;
}

double add_scaled(int a, double factor, int64_t b)
{
    return a * factor + (double)b;
}

static int sum_fits(int64_t a, int64_t b)
{
    return b < 0 ? a >= INT64_MIN - b : a <= INT64_MAX - b;
}

int add_text(const char *text, int64_t *sum)
{
    int64_t total = 0;

    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        char *end;
        errno = 0;
        const int64_t number = strtoll(text, &end, 10);
        if (end == text || (*end != ' ' && *end != '\0')) {
            return ADD_E_TEXT;
        }
        if (errno == ERANGE || !sum_fits(total, number)) {
            return ADD_E_RANGE;
        }
        total += number;
        text = end;
    }
    *sum = total;
    return ADD_OK;
}

const char *add_message(int status)
{
    switch (status) {
    case ADD_OK:
        return "the sum is complete";
    case ADD_E_TEXT:
        return "not a whole number";
    case ADD_E_RANGE:
        return "more than 64 bits";
    default:
        return NULL;
    }
}

uintptr_t add_caller(void)
{
    return (uintptr_t)__builtin_return_address(0);
}
