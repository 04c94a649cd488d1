typedef int (*cell_visitor)(int number);

/* Calls a function for each of four cells, and returns the sum of its results. */
int cells_each(cell_visitor visit);
