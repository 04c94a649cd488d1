#include "series.h"

int series_sum(const unsigned char *bytes, int count)
{
    int sum = 0;
    for (int at = 0; at < count; at++) {
        sum += bytes[at];
    }
    return sum;
}
