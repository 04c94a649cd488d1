/* Returns the next number. */
int series_next(int number);
