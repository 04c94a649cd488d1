/* C functions behind `_testfunc`, numbered as cffi's own backend test asks. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct byte_and_short {
    unsigned char first;
    short second;
};
struct two_ints {
    int first, second;
};
struct one_double {
    double only;
};
struct three_ints {
    int first, second, third;
};
struct one_float {
    float only;
};
struct float_and_int {
    float first;
    int second;
};
struct two_floats {
    float first, second;
};
struct int_and_float {
    int first;
    float second;
};
struct ten_ints {
    int each[10];
};

static char add_chars(char a, char b)
{
    return (char)(a + b);
}
static long add_int_long(int a, long b)
{
    return a + b;
}
static long long add_long_longs(long long a, long long b)
{
    return a + b;
}
static double add_to_double(float a, double b)
{
    return a + b;
}
static float add_to_float(float a, double b)
{
    return (float)(a + b);
}
static void raise_errno(void)
{
    errno += 15;
}

static int *less_a_thousand(int *number)
{
    static int kept;
    kept = *number - 1000;
    return &kept;
}

static short sum_by_value(struct byte_and_short pair)
{
    return (short)(pair.first + pair.second);
}

/* A zero argument is replaced by a large negative number. */
static int sum_variadic(int count, ...)
{
    va_list numbers;
    int total = 0;
    va_start(numbers, count);
    while (count-- > 0) {
        int number = va_arg(numbers, int);
        total += number ? number : -66666666;
    }
    va_end(numbers);
    return total;
}

static struct byte_and_short square_small(int n)
{
    struct byte_and_short result = {(unsigned char)n, (short)(n * n)};
    return result;
}

static struct two_ints square_ints(int n)
{
    struct two_ints result = {n, n * n};
    return result;
}

static struct one_double as_double(int n)
{
    struct one_double result = {n};
    return result;
}

static struct three_ints powers(int n)
{
    struct three_ints result = {n, n * n, n * n * n};
    return result;
}

static struct one_float as_float(int n)
{
    struct one_float result = {(float)n};
    return result;
}

static struct float_and_int square_mixed(int n)
{
    struct float_and_int result = {(float)n, n * n};
    return result;
}

static struct two_floats opposites(int n)
{
    struct two_floats result = {(float)n, -(float)n};
    return result;
}

static struct int_and_float square_float(int n)
{
    struct int_and_float result = {n, (float)n * (float)n};
    return result;
}

static int sum_through_pointer(struct int_and_float *pair)
{
    return pair->first + (int)pair->second;
}

static long double logistic(long double x, int rounds)
{
    while (rounds-- > 0)
        x = 4 * x - x * x;
    return x;
}

static short sum_small_through_pointer(struct byte_and_short *pair)
{
    return (short)(pair->first + pair->second);
}

static int weigh(struct ten_ints numbers)
{
    int total = 0, index;
    for (index = 0; index < 10; index++)
        total += numbers.each[index] * (1 << index);
    return total;
}

static struct ten_ints subtract(struct ten_ints a, struct ten_ints b)
{
    struct ten_ints result;
    int index;
    for (index = 0; index < 10; index++)
        result.each[index] = a.each[index] - b.each[index];
    return result;
}

static int first_times_thousand(char *text)
{
    return text ? 1000 * text[0] : -42;
}

typedef void function(void);

/* The address with this number, or NULL when there is none. */
void *rust_cffi_testfunc(int number)
{
    static function *const functions[] = {
        (function *)add_chars,
        (function *)add_int_long,
        (function *)add_long_longs,
        (function *)add_to_double,
        (function *)add_to_float,
        (function *)raise_errno,
        (function *)less_a_thousand,
        (function *)sum_by_value,
        NULL,
        (function *)sum_variadic,
        (function *)square_small,
        (function *)square_ints,
        (function *)as_double,
        (function *)powers,
        (function *)as_float,
        (function *)square_mixed,
        (function *)opposites,
        (function *)square_float,
        (function *)sum_through_pointer,
        (function *)logistic,
        (function *)sum_small_through_pointer,
        (function *)weigh,
        (function *)subtract,
        (function *)first_times_thousand,
    };
    if (number == 8)
        return stderr;
    if (number < 0 || number >= (int)(sizeof functions / sizeof *functions))
        return NULL;
    return *(void *const *)&functions[number];
}
