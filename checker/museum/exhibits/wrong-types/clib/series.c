#include "series.h"

double series_scale(double number, double factor)
{
    return number * factor;
}
