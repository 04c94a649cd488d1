#include "series.h"

int series_add(int a, int b)
{
    return a + b;
}
