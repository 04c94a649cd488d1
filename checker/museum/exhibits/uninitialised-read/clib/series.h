/* Writes the root of a square number to out, and returns 0; returns -1 for others. */
int series_root(int square, int *out);

/* Returns the root, or what is there. */
int series_root_or_else(int square);
