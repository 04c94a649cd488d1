#include "tiles.h"

int add(int a, int b)
{
    return a + b;
}

double tile_area(const tile *of)
{
    return of->side * of->side;
}

/* The difference of two int32_t may need 33 bits. */
static int64_t distance(int32_t a, int32_t b)
{
    int64_t difference = (int64_t)a - b;

    return difference < 0 ? -difference : difference;
}

int64_t tile_steps(const tile *from, const tile *to)
{
    return distance(from->x, to->x) + distance(from->y, to->y);
}

static int fits(int64_t coordinate)
{
    return coordinate >= INT32_MIN && coordinate <= INT32_MAX;
}

int tile_refine(const tile *of, int32_t factor, tile *out)
{
    int64_t x = (int64_t)of->x * factor;
    int64_t y = (int64_t)of->y * factor;

    if (factor < 1 || !fits(x) || !fits(y))
        return TILE_E_RANGE;
    out->side = of->side / factor;
    out->x = (int32_t)x;
    out->y = (int32_t)y;
    return 0;
}
