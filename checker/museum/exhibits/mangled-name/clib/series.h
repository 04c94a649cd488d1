/* Returns the sum; compiled as C++ this would be its symbol. */
int series_add(int a, int b) __asm__("_Z10series_addii");
