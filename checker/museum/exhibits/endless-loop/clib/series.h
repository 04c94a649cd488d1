/* Counts down from a number to zero. */
int series_countdown(unsigned start);
