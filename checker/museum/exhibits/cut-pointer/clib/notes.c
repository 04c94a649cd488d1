#include "notes.h"

#include <stdlib.h>
#include <string.h>

char *note_copy(const char *text)
{
    char *note = malloc(strlen(text) + 1);
    if (note != NULL) {
        strcpy(note, text);
    }
    return note;
}

void note_drop(char *note)
{
    free(note);
}

int note_first(const char *note)
{
    return note[0];
}
