#include "series.h"

int series_next(int number)
{
    return number + 1;
}
