"""calls.h as both modes of CFFI read it."""

CDEF = """
    typedef struct { double x; double y; } bench_point;
    typedef int (*bench_step)(int number);
    typedef int (*bench_order)(const int *left, const int *right);
    int bench_add(int a, int b);
    double bench_multiply(double a, double b);
    double bench_mix(int a, double b, long long c, float d, unsigned short e, const char *name);
    size_t bench_length(const char *text);
    bench_point bench_midpoint(bench_point a, bench_point b);
    double bench_product(const bench_point *point);
    double bench_sum(const double *numbers, size_t count);
    int bench_repeat(bench_step step, int count);
    void bench_sort(int *sorted, const int *numbers, size_t count, bench_order order);
"""

# What API mode declares besides: functions in C whose bodies are written in Python.
IN_PYTHON = """
    extern "Python" int bench_step_in_python(int number);
    extern "Python" int bench_order_in_python(const int *left, const int *right);
"""
