typedef struct { int x; double weight; int y; } point;

/* Returns the sum of both coordinates. */
int point_sum(const point *it);
