#include "series.h"

int series_mean(int sum, int count)
{
    return sum / count;
}
