/*
 * The C library whose functions `checker bench` calls through every bridge.
 * Each does next to nothing, so that what is measured is the way to it.
 */
#ifndef BENCH_CALLS_H
#define BENCH_CALLS_H

#include <stddef.h>

typedef struct {
    double x;
    double y;
} bench_point;

/* Called with each number below a count; its answers are summed. */
typedef int (*bench_step)(int number);

/* Negative, zero or positive, as qsort wants it. */
typedef int (*bench_order)(const int *left, const int *right);

int bench_add(int a, int b);
double bench_multiply(double a, double b);
/* One argument of each of six kinds; `name` is a C string. */
double bench_mix(int a, double b, long long c, float d, unsigned short e,
                 const char *name);
size_t bench_length(const char *text);
bench_point bench_midpoint(bench_point a, bench_point b);
double bench_product(const bench_point *point);
/* The sum of `count` numbers, which `numbers` points to. */
double bench_sum(const double *numbers, size_t count);
/* Calls `step` with 0, 1, ... count - 1. */
int bench_repeat(bench_step step, int count);
/* Copies `count` numbers and sorts them there; `sorted` has room for them. */
void bench_sort(int *sorted, const int *numbers, size_t count,
                bench_order order);

#endif
