#include "add.h"

#include <stddef.h>

int add(int a, int b)
{
    return a + b;
}

double add_scaled(int a, double factor, int64_t b)
{
    return a * factor + (double)b;
}

int64_t add_places(int a, int b, int c, int d, int e, int f, int g, int h,
                   int i, int j)
{
    const int digits[] = {j, i, h, g, f, e, d, c, b, a};
    int64_t number = 0;

    for (size_t place = 0; place < sizeof digits / sizeof *digits; place++) {
        number = 10 * number + digits[place];
    }
    return number;
}

uintptr_t add_caller(void)
{
    return (uintptr_t)__builtin_return_address(0);
}
