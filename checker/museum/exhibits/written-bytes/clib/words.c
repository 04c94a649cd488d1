#include "words.h"

#include <ctype.h>

void word_upper(char *word)
{
    for (; *word != '\0'; word++) {
        *word = (char)toupper((unsigned char)*word);
    }
}
