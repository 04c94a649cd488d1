/* Returns 0, which is no result. */
int series_nothing(void);
