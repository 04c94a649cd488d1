#include "series.h"

static int series_twice_now(int number)
{
    return 2 * number;
}

int series_double(int number);

int series_double(int number)
{
    return series_twice_now(number);
}
