/* Returns the name of a day; 0 is Monday. */
const int *day_numbers(int first);

int day_at(const int *days, int index);
