#include "series.h"

int series_number(int number)
{
    return number;
}
