/* Returns a copy of the text, made with malloc. */
char *word_copy(const char *text);
