#include "image.h"

/* The nearest pixel to `value`; 0 for what is no number. */
static uint8_t pixel(double value)
{
    if (!(value > 0.0))
        return 0;
    return value >= 255.0 ? 255 : (uint8_t)(value + 0.5);
}

double image_mean(const uint8_t *pixels, size_t size)
{
    double sum = 0.0;
    size_t i;

    if (pixels == NULL || size == 0)
        return -1.0;
    for (i = 0; i < size; i++)
        sum += pixels[i];
    return sum / (double)size;
}

int image_brighten(uint8_t *pixels, size_t size, double factor)
{
    size_t i;

    if (pixels == NULL)
        return IMAGE_E_NULL;
    if (size == 0)
        return IMAGE_E_SIZE;
    if (!(factor >= 0.0))
        return IMAGE_E_FACTOR;
    for (i = 0; i < size; i++)
        pixels[i] = pixel(pixels[i] * factor);
    return IMAGE_OK;
}

/* The neighbour of `at` by -1, 0 or 1, or `at` itself beyond an edge. */
static size_t near_to(size_t at, int by, size_t count)
{
    if (by < 0)
        return at == 0 ? 0 : at - 1;
    if (by > 0)
        return at + 1 == count ? at : at + 1;
    return at;
}

static double weigh(const uint8_t *pixels, size_t width, size_t height,
                    size_t x, size_t y, const double *kernel)
{
    double sum = 0.0;
    int dx, dy;

    for (dy = -1; dy <= 1; dy++) {
        const uint8_t *row = pixels + near_to(y, dy, height) * width;

        for (dx = -1; dx <= 1; dx++)
            sum += *kernel++ * row[near_to(x, dx, width)];
    }
    return sum;
}

static int overlap(const uint8_t *a, const uint8_t *b, size_t size)
{
    uintptr_t from_a = (uintptr_t)a, from_b = (uintptr_t)b;

    return from_a < from_b ? from_b - from_a < size : from_a - from_b < size;
}

int image_convolve(const uint8_t *pixels, uint8_t *out, size_t size,
                   size_t width, const double *kernel)
{
    size_t x, y;

    if (pixels == NULL || out == NULL || kernel == NULL)
        return IMAGE_E_NULL;
    if (size == 0 || width == 0 || size % width != 0)
        return IMAGE_E_SIZE;
    if (overlap(pixels, out, size))
        return IMAGE_E_OVERLAP;
    for (y = 0; y < size / width; y++) {
        for (x = 0; x < width; x++)
            *out++ = pixel(weigh(pixels, width, size / width, x, y, kernel));
    }
    return IMAGE_OK;
}

uintptr_t image_address(const uint8_t *pixels)
{
    return (uintptr_t)pixels;
}
