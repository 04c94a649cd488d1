/* Counts down to zero in steps of two. */
void series_countdown(unsigned start);
