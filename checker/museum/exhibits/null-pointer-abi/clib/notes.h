typedef struct { int priority; int length; } note;

/* Returns the length that the note holds. */
int note_length(const note *it);
