/* Returns the number of letters of the text. */
int note_length(const char *text);
