/* Returns a new copy of the first letters of the text. */
char *word_head(const char *text, int letters);

/* Returns the number of letters up to the NUL. */
int word_length(const char *word);
