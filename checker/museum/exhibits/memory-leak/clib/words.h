/* Returns a copy of the text; the caller frees it. */
char *word_copy(const char *text);
