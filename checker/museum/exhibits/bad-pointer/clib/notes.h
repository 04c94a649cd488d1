/* Writes the sum of the two numbers to out. */
void sum_into(int a, int b, int *out);
