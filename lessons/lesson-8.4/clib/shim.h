/* shim: the bit-fields of a packet as plain integers, for bridges that
 * cannot say them. It is compiled together with packet.h, so the compiler
 * places them.
 */
#ifndef SHIM_H
#define SHIM_H

#include "packet.h"

// region: shim
typedef struct {
    int32_t version, kind, length, priority, hops;
} shim_fields;

/* Stores the fields of of->header in *out. */
void shim_get(const packet *of, shim_fields *out);

/* Stores *from in of->header. Returns 0; or the number of the first field
 * that does not fit, from 1 for version to 5 for hops, and changes nothing.
 */
int shim_set(packet *of, const shim_fields *from);
// endregion

#endif
