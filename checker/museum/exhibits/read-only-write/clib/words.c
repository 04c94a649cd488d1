#include "words.h"

#include <ctype.h>

char *word_greeting(void)
{
    return (char *)"hello";
}

void word_capital(char *word)
{
    word[0] = (char)toupper((unsigned char)word[0]);
}
