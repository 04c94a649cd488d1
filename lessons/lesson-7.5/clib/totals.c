#include "totals.h"

static uint64_t calls;

static uint32_t mixed(uint32_t sum, uint8_t byte)
{
    return (sum ^ byte) * 16777619u;
}

int add(int a, int b)
{
    calls++;
    return a + b;
}

uint32_t totals_byte(uint32_t sum, uint8_t byte)
{
    calls++;
    return mixed(sum, byte);
}

uint32_t totals_bytes(uint32_t sum, const uint8_t *data, size_t count)
{
    calls++;
    for (size_t i = 0; i < count; i++)
        sum = mixed(sum, data[i]);
    return sum;
}

int64_t totals_sum(const int32_t *values, size_t count)
{
    int64_t sum = 0;

    calls++;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

uint64_t totals_calls(void)
{
    return calls;
}
