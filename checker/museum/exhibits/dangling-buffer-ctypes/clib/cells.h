typedef struct { const int *numbers; int count; } series;

/* Returns the sum of the series. */
int series_sum(const series *it);
