#include "units.h"

#include <limits.h>

int units_length(int32_t feet, uint8_t inches, int64_t *tenths)
{
    if (inches > 11)
        return UNITS_E_INCHES;
    *tenths = (int64_t)feet * 3048 + inches * 254;
    return 0;
}

int units_blocks(size_t bytes, uint32_t block, size_t *count)
{
    if (block == 0)
        return UNITS_E_BLOCK;
    *count = bytes / block + (bytes % block != 0);
    return 0;
}

int units_seconds(long minutes, long *seconds)
{
    if (minutes > LONG_MAX / 60 || minutes < LONG_MIN / 60)
        return UNITS_E_RANGE;
    *seconds = minutes * 60;
    return 0;
}

double units_celsius(double fahrenheit)
{
    return (fahrenheit - 32.0) / 1.8;
}

int units_long_bits(void)
{
    return (int)sizeof(long) * CHAR_BIT;
}
