#include "series.h"

void series_countdown(unsigned start)
{
    volatile unsigned left = start;
    while ((left -= 2) != 0);
}
