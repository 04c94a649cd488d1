/* Returns the number. */
int series_number(int number);
