#include "words.h"

#include <stdlib.h>
#include <string.h>

char *word_copy(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    if (copy != NULL) {
        strcpy(copy, text);
    }
    return copy;
}
