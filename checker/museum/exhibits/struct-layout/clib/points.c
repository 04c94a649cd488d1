#include "points.h"

void point_reset(point *it)
{
    it->x = 1;
    it->y = 2;
    it->z = 3;
}
