/* Writes the text and its NUL to out. */
void word_write(char *out, const char *text);
