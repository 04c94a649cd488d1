/* image: kernels over grey images.
 *
 * An image is `size` bytes without gaps, row by row, one byte for a pixel.
 * No function keeps a pointer or allocates memory; all may be called from
 * several threads at once, on different memory. On an error nothing is
 * written.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    IMAGE_OK = 0,
    IMAGE_E_NULL = -1,   /* a pointer is NULL */
    IMAGE_E_SIZE = -2,   /* no pixel, or width does not divide size */
    IMAGE_E_FACTOR = -3, /* a factor that is negative or no number */
    IMAGE_E_OVERLAP = -4 /* what is read and what is written share bytes */
};

// region: functions
/* Returns the mean of all pixels; -1.0 if there is none or on NULL. */
double image_mean(const uint8_t *pixels, size_t size);

/* Multiplies each pixel by `factor`, in place; above 255 is 255. Returns
 * IMAGE_OK, IMAGE_E_NULL, IMAGE_E_SIZE or IMAGE_E_FACTOR.
 */
int image_brighten(uint8_t *pixels, size_t size, double factor);

/* Writes to each pixel of `out` the weighted sum of the nine pixels around
 * it; `kernel` has nine weights, row by row. Beyond an edge the edge is
 * repeated; sums are cut to 0 to 255. `out` has `size` bytes too. Returns
 * IMAGE_OK, IMAGE_E_NULL, IMAGE_E_SIZE or IMAGE_E_OVERLAP.
 */
int image_convolve(const uint8_t *pixels, uint8_t *out, size_t size,
                   size_t width, const double *kernel);

/* Returns the address that it was given: where C sees the image. */
uintptr_t image_address(const uint8_t *pixels);
// endregion

#ifdef __cplusplus
}
#endif

#endif
