/* Returns the last of count numbers. */
int series_last(const int *numbers, int count);
