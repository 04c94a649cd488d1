/* Returns the double of the number. */
int series_twice(int number);
