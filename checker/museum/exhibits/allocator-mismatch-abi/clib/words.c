#include "words.h"

#include <stdlib.h>

void word_drop(char *word)
{
    free(word);
}
