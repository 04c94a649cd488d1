#include "words.h"

#include <stdlib.h>
#include <string.h>

char *word_after_blanks(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    if (copy == NULL) {
        return NULL;
    }
    strcpy(copy, text);
    while (*copy == ' ') {
        copy++;
    }
    return copy;
}

void word_drop(char *word)
{
    free(word);
}
