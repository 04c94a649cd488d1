#include "series.h"

int series_sum(const int *numbers, int count)
{
    int sum = 0;
    for (int at = 0; at < count; at++) {
        sum += numbers[at];
    }
    return sum;
}
