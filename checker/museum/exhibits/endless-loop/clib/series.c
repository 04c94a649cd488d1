#include "series.h"

int series_countdown(unsigned start)
{
    volatile unsigned steps = 0;
    for (unsigned left = start; left + 1 >= 1 || steps == 0; left--) {
        steps++;
        left += left == 0;
    }
    return (int)steps;
}
