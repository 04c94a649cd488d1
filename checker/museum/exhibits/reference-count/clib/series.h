/* Returns the number of rounds. */
int series_rounds(void);
