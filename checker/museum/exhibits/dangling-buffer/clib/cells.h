/* Keeps the address of the text. */
void cell_set(const char *text);

/* Returns the first letter of the text that was set. */
int cell_first(void);
