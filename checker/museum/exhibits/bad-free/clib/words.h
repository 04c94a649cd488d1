/* Returns the text behind the leading blanks; it belongs to the caller, who frees it with word_drop. */
char *word_after_blanks(const char *text);

void word_drop(char *word);
