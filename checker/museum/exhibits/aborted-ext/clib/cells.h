/* Returns the number, which must be positive. */
int cell_check(int number);
