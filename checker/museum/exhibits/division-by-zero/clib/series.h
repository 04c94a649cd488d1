/* Returns the mean of a sum. */
int series_mean(int sum, int count);
