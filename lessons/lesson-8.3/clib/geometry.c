#include "geometry.h"

/* False for a NaN, because every comparison with one is. */
static int has_inside(const geometry_box *of)
{
    return of->low.x < of->high.x && of->low.y < of->high.y;
}

static double lower(double a, double b)
{
    return a < b ? a : b;
}

static double higher(double a, double b)
{
    return a < b ? b : a;
}

double geometry_area(geometry_point a, geometry_point b)
{
    double area = (b.x - a.x) * (b.y - a.y);

    return area < 0.0 ? -area : area;
}

geometry_point geometry_middle(geometry_point a, geometry_point b)
{
    geometry_point middle = {a.x / 2 + b.x / 2, a.y / 2 + b.y / 2};

    return middle;
}

int geometry_join(const geometry_box *a, const geometry_box *b,
                  geometry_box *out)
{
    geometry_box joined = *a;

    if (!has_inside(a) || !has_inside(b))
        return GEOMETRY_E_EMPTY;
    if (a->layer != b->layer)
        return GEOMETRY_E_LAYER;
    joined.low.x = lower(a->low.x, b->low.x);
    joined.low.y = lower(a->low.y, b->low.y);
    joined.high.x = higher(a->high.x, b->high.x);
    joined.high.y = higher(a->high.y, b->high.y);
    joined.tag = a->tag < b->tag ? a->tag : b->tag;
    *out = joined;
    return 0;
}

int geometry_read(const geometry_record *record, geometry_box *out)
{
    geometry_box box = {
        record->layer,
        {record->left, record->bottom},
        {record->right, record->top},
        record->tag,
    };

    if (!has_inside(&box))
        return GEOMETRY_E_EMPTY;
    *out = box;
    return 0;
}
