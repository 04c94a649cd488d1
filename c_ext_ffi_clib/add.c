#include "add.h"

int add(int a, int b)
{
    /* Signed overflow is undefined in C, unsigned overflow wraps. gcc and clang
       document that the conversion back keeps the bits. */
    return (int)((unsigned)a + (unsigned)b);
}
