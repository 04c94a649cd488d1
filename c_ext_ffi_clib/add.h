/*
 * libadd: the smallest C library that is worth calling from Python. It knows
 * nothing of Python, allocates nothing and keeps no state, so every function
 * may be called from any thread.
 */
#ifndef ADD_H
#define ADD_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Returns a + b. Where the sum does not fit an int it wraps around: adding 1
 * to INT_MAX gives INT_MIN. The behaviour is defined for every a and b.
 */
int add(int a, int b);

#ifdef __cplusplus
}
#endif

#endif
