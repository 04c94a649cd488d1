typedef struct note note;

/* Returns a new note. */
note *note_new(int priority);

int note_priority(const note *it);
