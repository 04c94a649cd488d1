/* The C side of the tests. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct point {
    int x;
    double y;
};

struct mixed {
    char tag;
    short small;
    float ratio;
    long long large;
};

enum color { RED, GREEN = 5, BLUE };

union number {
    int whole;
    double real;
};

int counter = 5;
int table[4] = {1, 2, 3, 4};
const char *const greeting = "hello";

signed char same_i8(signed char x)
{
    return x;
}
unsigned char same_u8(unsigned char x)
{
    return x;
}
short same_i16(short x)
{
    return x;
}
unsigned short same_u16(unsigned short x)
{
    return x;
}
int same_i32(int x)
{
    return x;
}
unsigned int same_u32(unsigned int x)
{
    return x;
}
long long same_i64(long long x)
{
    return x;
}
unsigned long long same_u64(unsigned long long x)
{
    return x;
}
float same_float(float x)
{
    return x;
}
double same_double(double x)
{
    return x;
}
char same_char(char x)
{
    return x;
}
_Bool same_bool(_Bool x)
{
    return x;
}
void *same_pointer(void *x)
{
    return x;
}
enum color same_color(enum color x)
{
    return x;
}
void nothing(void)
{
}

size_t length(const char *text)
{
    return strlen(text);
}

double norm(struct point *point)
{
    return point->x + point->y;
}
struct point moved(struct point point, int by)
{
    point.x += by;
    return point;
}
struct mixed swapped(struct mixed mixed)
{
    mixed.tag++;
    mixed.large = -mixed.large;
    return mixed;
}

int sum(const int *numbers, int count)
{
    int total = 0;
    while (count-- > 0)
        total += *numbers++;
    return total;
}

int sum_of(int count, ...)
{
    va_list numbers;
    int total = 0;
    va_start(numbers, count);
    while (count-- > 0)
        total += va_arg(numbers, int);
    va_end(numbers);
    return total;
}

/* More arguments than there are registers. */
double many(int a, double b, int c, double d, int e, double f, int g, double h,
            int i, double j, int k, double l, int m, double n, int o, double p,
            int q, double r)
{
    return a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q +
           r;
}

int fail_with(int number)
{
    errno = number;
    return -1;
}
int errno_seen(void)
{
    return errno;
}

int apply(int (*function)(int), int x)
{
    return function(x);
}
struct point apply_point(struct point (*function)(struct point),
                         struct point point)
{
    return function(point);
}
