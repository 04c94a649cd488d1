#include "notes.h"

int note_length(const note *it)
{
    return it->length;
}
