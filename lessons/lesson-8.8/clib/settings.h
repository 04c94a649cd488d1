/* settings: the settings of a device, as they lie in its flash memory.
 *
 * A byte of flash that nobody has written yet is 0xff. No function keeps a
 * pointer that it is given.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// region: api
typedef struct settings {
    uint16_t format;  /* SETTINGS_FORMAT */
    char name[8];     /* padded with NUL; full: no NUL; 0xff: never written */
    bool switches[4]; /* 0, 1, or 0xff: never written */
} settings;

int settings_load(settings *record, const void *block, size_t size);
int settings_set(settings *record, int index, bool on);
int settings_export(const settings *record, const char *variable);
// endregion

enum { SETTINGS_FORMAT = 1, SETTINGS_SWITCHES = 4, SETTINGS_ERASED = 0xff };

enum {
    SETTINGS_E_SIZE = -1,
    SETTINGS_E_FORMAT = -2,
    SETTINGS_E_DAMAGED = -3,
    SETTINGS_E_INDEX = -4,
    SETTINGS_E_VARIABLE = -5
};

/* Each returns 0, or one of these codes; then it has changed nothing.
 *
 * settings_load copies a block of flash: E_SIZE if it has not the size of a
 * record; E_FORMAT if it is of another format; E_DAMAGED if a byte of the
 * name is not ASCII text, or a switch is none of its three values.
 *
 * settings_set turns a switch on or off: E_INDEX if it is not 0 to 3.
 *
 * settings_export puts the switches, as in "10-1", into the environment of
 * the process, for programs that it starts: E_VARIABLE if setenv refuses.
 * No other thread may use the environment meanwhile.
 */

#ifdef __cplusplus
}
#endif

#endif
