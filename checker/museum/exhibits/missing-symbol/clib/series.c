#include "series.h"

int series_twice(int number)
{
    return 2 * number;
}
