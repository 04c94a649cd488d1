#include "series.h"

int series_nothing(void)
{
    return 0;
}
