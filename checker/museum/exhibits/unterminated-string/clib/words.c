#include "words.h"

#include <stdlib.h>
#include <string.h>

char *word_head(const char *text, int letters)
{
    char *head = malloc((size_t)letters);
    if (head != NULL) {
        memcpy(head, text, (size_t)letters);
    }
    return head;
}

int word_length(const char *word)
{
    return (int)strlen(word);
}
