/* tiles: the square tiles of a map.
 *
 * A tile has a place, counted in tiles of its own size, and a side in
 * metres. All functions are pure: they keep nothing and may be called from
 * several threads at once. Memory belongs to the caller.
 */
#ifndef TILES_H
#define TILES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The refined tile does not exist: see tile_refine. */
#define TILE_E_RANGE (-1)

// region: tile
typedef struct {
    int32_t x;   /* columns east of the origin; negative to the west */
    int32_t y;   /* rows north of the origin; negative to the south */
    double side; /* metres */
} tile;
// endregion

/* Returns a + b. The sum must fit into int: C does not define any other. */
int add(int a, int b);

/* Returns the area of *of, in square metres. */
double tile_area(const tile *of);

/* Returns how many steps east, west, north or south lead from *from to *to;
 * their sides are ignored. The result may be larger than any int32_t.
 */
int64_t tile_steps(const tile *from, const tile *to);

/* Divides the side of *of by factor and stores the first of the smaller
 * tiles (x and y times factor) in *out, which may be the same object.
 * Returns 0; or TILE_E_RANGE if factor is less than 1 or a coordinate would
 * not fit into int32_t. *out is unchanged then.
 */
int tile_refine(const tile *of, int32_t factor, tile *out);

#ifdef __cplusplus
}
#endif

#endif
