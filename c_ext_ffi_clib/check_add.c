/* Holds add() against its contract; `make check` and `make asan` run it. */
#include "add.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>

struct sum {
    int a;
    int b;
    int expected;
};

static const struct sum sums[] = {
    {2, 3, 5},
    {-1, 1, 0},
    {INT_MAX, INT_MIN, -1},
    {INT_MAX, 1, INT_MIN},
    {INT_MIN, -1, INT_MAX},
};

int main(void)
{
    int wrong = 0;
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        int seen = add(sums[i].a, sums[i].b);
        if (seen != sums[i].expected) {
            fprintf(stderr, "add(%d, %d) returned %d, expected %d\n", sums[i].a,
                    sums[i].b, seen, sums[i].expected);
            wrong++;
        }
    }
    if (wrong == 0) {
        puts("c_ext_ffi_clib: OK");
    }
    return wrong != 0;
}
