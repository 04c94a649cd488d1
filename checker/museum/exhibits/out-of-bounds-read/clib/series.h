/* Returns the sum of count numbers. */
int series_sum(const int *numbers, int count);
