/* What the tests of the engine call: every C type in and out, records,
 * pointers, callbacks. */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define ECHO(name, type)                                                       \
    type echo_##name(type value)                                               \
    {                                                                          \
        return value;                                                          \
    }

ECHO(bool, bool)
ECHO(char, char)
ECHO(byte, signed char)
ECHO(ubyte, unsigned char)
ECHO(short, short)
ECHO(ushort, unsigned short)
ECHO(int, int)
ECHO(uint, unsigned int)
ECHO(long, long)
ECHO(ulong, unsigned long)
ECHO(longlong, long long)
ECHO(ulonglong, unsigned long long)
ECHO(float, float)
ECHO(double, double)
ECHO(longdouble, long double)
ECHO(wchar, wchar_t)
ECHO(char_p, const char *)
ECHO(wchar_p, const wchar_t *)
ECHO(void_p, void *)

int exported = 42;

/* More arguments than there are registers of either kind. */
double weigh(int a, double b, long c, float d, short e, double f, char g,
             double h, long long i, double j, int k, double l, int m, double n,
             double o, double p, double q, double r)
{
    return a + 2 * b + 3 * (double)c + 4 * (double)d + 5 * e + 6 * f + 7 * g +
           8 * h + 9 * (double)i + 10 * j + 11 * k + 12 * l + 13 * m + 14 * n +
           15 * o + 16 * p + 17 * q + 18 * r;
}

int sum_of(int count, ...)
{
    va_list list;
    int sum = 0;
    va_start(list, count);
    for (int i = 0; i < count; i++)
        sum += va_arg(list, int);
    va_end(list);
    return sum;
}

struct point {
    int x, y;
};
struct mixed {
    double weight;
    int count;
};
struct large {
    long values[5];
};
struct floats {
    float a, b, c;
};
struct pair {
    double x, y;
};
union either {
    int number;
    char bytes[4];
};

struct point point_swap(struct point p)
{
    struct point q = {p.y, p.x};
    return q;
}
struct mixed mixed_double(struct mixed m)
{
    m.weight *= 2;
    m.count *= 2;
    return m;
}
struct large large_reverse(struct large v)
{
    struct large w;
    for (int i = 0; i < 5; i++)
        w.values[i] = v.values[4 - i];
    return w;
}
struct floats floats_turn(struct floats f)
{
    struct floats g = {f.b, f.c, f.a};
    return g;
}
struct pair pair_turn(struct pair p)
{
    struct pair q = {p.y, -p.x};
    return q;
}
struct pair pair_between(struct pair p, struct pair q)
{
    struct pair r = {(p.x + q.x) / 2, (p.y + q.y) / 2};
    return r;
}
int either_number(union either e)
{
    return e.number;
}
void point_move(struct point *p, int by)
{
    p->x += by;
    p->y += by;
}

struct flags {
    unsigned int a : 3;
    unsigned int b : 7;
    int c : 5;
};
int flags_sum(const struct flags *f)
{
    return (int)f->a + (int)f->b + f->c;
}

int set_errno_to(int value)
{
    errno = value;
    return -1;
}
int get_errno_of_c(void)
{
    return errno;
}

void fill(int *values, int count)
{
    for (int i = 0; i < count; i++)
        values[i] = i * i;
}

int apply(int (*function)(int, int), int a, int b)
{
    return function(a, b);
}
double apply_double(double (*function)(double), double a)
{
    return function(a);
}
int apply_point(int (*function)(const struct point *), struct point p)
{
    return function(&p);
}
int apply_values(int (*function)(struct point, struct large, struct mixed))
{
    struct point p = {1, 2};
    struct large v = {{10, 20, 30, 40, 50}};
    struct mixed m = {0.5, 3};
    return function(p, v, m);
}
struct job {
    int (*function)(int, int);
    int result;
};
static void *run_job(void *argument)
{
    struct job *job = argument;
    for (int i = 0; i < 100; i++)
        job->result += job->function(i, 1);
    return NULL;
}
/* Calls from threads that Python knows nothing of. */
int apply_in_threads(int (*function)(int, int))
{
    enum { COUNT = 4 };
    pthread_t threads[COUNT];
    struct job jobs[COUNT];
    int sum = 0;
    for (int i = 0; i < COUNT; i++) {
        jobs[i] = (struct job){function, 0};
        if (pthread_create(&threads[i], NULL, run_job, &jobs[i]) != 0)
            return -1;
    }
    for (int i = 0; i < COUNT; i++) {
        pthread_join(threads[i], NULL);
        sum += jobs[i].result;
    }
    return sum;
}
void call_nothing(void (*function)(void))
{
    function();
}

typedef int (*operation)(int, int);
static int plus(int a, int b)
{
    return a + b;
}
operation get_plus(void)
{
    return plus;
}

struct table {
    operation first;
    int second;
};
int run_table(const struct table *t)
{
    return t->first(t->second, 1);
}
