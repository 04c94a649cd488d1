#include "notes.h"

#include <stdlib.h>

struct note {
    int priority;
};

note *note_new(int priority)
{
    note *it = malloc(sizeof *it);
    if (it != NULL) {
        it->priority = priority;
    }
    return it;
}

int note_priority(const note *it)
{
    return it->priority;
}
