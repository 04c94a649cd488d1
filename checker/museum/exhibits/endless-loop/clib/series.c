#include "series.h"

void series_countdown(unsigned start)
{
    for (volatile unsigned left = start; left != 0; left -= 2) {
    }
}
