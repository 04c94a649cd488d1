/* geometry: points and boxes of a drawing.
 *
 * All functions are pure: they keep no pointer and may be called from
 * several threads at once. Memory belongs to the caller.
 */
#ifndef GEOMETRY_H
#define GEOMETRY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GEOMETRY_E_EMPTY (-1) /* a box has no inside, or a NaN */
#define GEOMETRY_E_LAYER (-2) /* the boxes lie on different layers */

// region: structs
typedef struct {
    double x, y;
} geometry_point;

typedef struct {
    uint8_t layer;
    geometry_point low;  /* left and bottom */
    geometry_point high; /* right and top */
    uint16_t tag;        /* for the caller; the lower one survives a join */
} geometry_box;

#pragma pack(push, 1)
typedef struct { /* a box as drawings store it, byte beside byte */
    uint8_t layer;
    float left, bottom, right, top;
    uint16_t tag;
} geometry_record;
#pragma pack(pop)
// endregion

/* Returns the area between two opposite corners, never negative. */
double geometry_area(geometry_point a, geometry_point b);

/* Returns the point halfway between two points. */
geometry_point geometry_middle(geometry_point a, geometry_point b);

/* Stores the smallest box around *a and *b in *out, which may be one of them.
 * Returns 0, GEOMETRY_E_EMPTY or GEOMETRY_E_LAYER; *out is unchanged then.
 */
int geometry_join(const geometry_box *a, const geometry_box *b,
                  geometry_box *out);

/* Stores *record in *out. Returns 0, or GEOMETRY_E_EMPTY; *out is unchanged
 * then. The record needs no alignment.
 */
int geometry_read(const geometry_record *record, geometry_box *out);

#ifdef __cplusplus
}
#endif

#endif
