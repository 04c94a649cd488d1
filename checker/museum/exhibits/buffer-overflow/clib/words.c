#include "words.h"

void word_write(char *out, const char *text)
{
    int at = 0;
    while (text[at] != '\0') {
        out[at] = text[at];
        at++;
    }
    out[at] = '\0';
}
