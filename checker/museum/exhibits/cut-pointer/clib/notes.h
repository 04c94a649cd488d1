/* Returns a copy of the text; the caller frees it with note_drop. */
char *note_copy(const char *text);

void note_drop(char *note);

/* Returns the first letter of the note. */
int note_first(const char *note);
