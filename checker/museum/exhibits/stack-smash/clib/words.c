#include "words.h"

#include <stdio.h>
#include <string.h>

int greeting_length(const char *name)
{
    char greeting[16];
    sprintf(greeting, "Hello, %s", name);
    return (int)strlen(greeting);
}
