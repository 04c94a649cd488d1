/* Returns the sum of count bytes. */
int series_sum(const unsigned char *bytes, int count);
