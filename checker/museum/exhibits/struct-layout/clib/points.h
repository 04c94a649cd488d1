typedef struct { int x; int y; int z; } point;

/* Sets all fields. */
void point_reset(point *it);
