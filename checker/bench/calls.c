#include "calls.h"

#include <stdlib.h>
#include <string.h>

int bench_add(int a, int b)
{
    return a + b;
}

double bench_multiply(double a, double b)
{
    return a * b;
}

double bench_mix(int a, double b, long long c, float d, unsigned short e,
                 const char *name)
{
    return a + b + (double)c + (double)d + e + name[0];
}

size_t bench_length(const char *text)
{
    return strlen(text);
}

bench_point bench_midpoint(bench_point a, bench_point b)
{
    bench_point middle = {(a.x + b.x) / 2, (a.y + b.y) / 2};
    return middle;
}

double bench_product(const bench_point *point)
{
    return point->x * point->y;
}

double bench_sum(const double *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += numbers[i];
    }
    return sum;
}

int bench_repeat(bench_step step, int count)
{
    int sum = 0;
    for (int number = 0; number < count; number++) {
        sum += step(number);
    }
    return sum;
}

void bench_sort(int *sorted, const int *numbers, size_t count,
                bench_order order)
{
    memcpy(sorted, numbers, count * sizeof *numbers);
    /* A pointer to a function of this type and one to qsort's are called
       alike wherever Python runs; every bridge that passes a comparison of
       `const int *` to qsort relies on it. */
    qsort(sorted, count, sizeof *sorted,
          (int (*)(const void *, const void *))order);
}
