/* Returns the cell at an index from 0 to 2. */
int cell_at(int index);
