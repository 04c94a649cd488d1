#include "points.h"

int point_sum(const point *it)
{
    return it->x + it->y;
}
