#include <stdint.h>

/* Returns the product. */
int64_t series_product(int64_t a, int64_t b);
