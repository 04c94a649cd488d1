#define _POSIX_C_SOURCE 200112L /* setenv */

#include "settings.h"

#include <stdlib.h>
#include <string.h>

/* A bool may only be 0 or 1. What flash holds is read as the byte it is. */
static unsigned char byte_of(const settings *record, size_t index)
{
    unsigned char byte;

    memcpy(&byte, &record->switches[index], 1);
    return byte;
}

static bool whole_name(const char *name)
{
    const char *end = memchr(name, '\0', sizeof((settings *)0)->name);
    size_t length = end ? (size_t)(end - name) : sizeof((settings *)0)->name;

    if ((unsigned char)name[0] == SETTINGS_ERASED)
        return true;
    for (size_t at = 0; at < length; at++)
        if (name[at] < ' ' || name[at] > '~')
            return false;
    return true;
}

int settings_load(settings *record, const void *block, size_t size)
{
    settings found;

    if (size != sizeof found)
        return SETTINGS_E_SIZE;
    memcpy(&found, block, size);
    if (found.format != SETTINGS_FORMAT)
        return SETTINGS_E_FORMAT;
    if (!whole_name(found.name))
        return SETTINGS_E_DAMAGED;
    for (size_t at = 0; at < SETTINGS_SWITCHES; at++)
        if (byte_of(&found, at) > 1 && byte_of(&found, at) != SETTINGS_ERASED)
            return SETTINGS_E_DAMAGED;
    memcpy(record, &found, size);
    return 0;
}

int settings_set(settings *record, int index, bool on)
{
    if (index < 0 || index >= SETTINGS_SWITCHES)
        return SETTINGS_E_INDEX;
    record->switches[index] = on;
    return 0;
}

int settings_export(const settings *record, const char *variable)
{
    char text[SETTINGS_SWITCHES + 1] = "";

    for (size_t at = 0; at < SETTINGS_SWITCHES; at++) {
        unsigned char byte = byte_of(record, at);
        text[at] = byte == SETTINGS_ERASED ? '-' : (char)('0' + byte);
    }
    return setenv(variable, text, 1) == 0 ? 0 : SETTINGS_E_VARIABLE;
}
