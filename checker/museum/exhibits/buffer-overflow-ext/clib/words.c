#include "words.h"

void word_fill(char *out, char letter, int count)
{
    for (int at = 0; at <= count; at++) {
        out[at] = letter;
    }
}
