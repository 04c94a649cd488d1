/* config: the settings of a client, in memory that the library owns.
 *
 * A config is opaque: it is made by config_create and ended by
 * config_destroy, and only pointers to it are passed. Call from one thread at
 * a time: config_alive counts in a global variable.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CONFIG_E_RANGE (-1)

/* Timeouts are seconds; CONFIG_FOREVER is the smallest one allowed. */
#define CONFIG_FOREVER (-1)
#define CONFIG_MAX_TIMEOUT 31536000

// region: signatures
typedef struct config config;
config *config_create(const char *server_url);
void config_destroy(config *of);
int config_set_timeout(config *of, int32_t seconds);
int64_t config_process(const config *of);
// endregion
const char *config_server_url(const config *of);
int32_t config_timeout(const config *of);
int32_t config_alive(void);

/* config_create copies server_url and starts with a timeout of 30. The caller
 * owns the result and passes it to config_destroy once; NULL: no memory.
 *
 * config_destroy ends *of; NULL is allowed.
 *
 * config_set_timeout returns 0; or CONFIG_E_RANGE if seconds is below
 * CONFIG_FOREVER or above CONFIG_MAX_TIMEOUT. *of is unchanged then.
 *
 * config_process returns how many milliseconds a request may take, or -1 if
 * it may wait for ever. The result may be larger than any int32_t.
 *
 * config_server_url returns a string that *of owns: valid until *of ends.
 *
 * config_timeout returns seconds.
 *
 * config_alive returns how many configs were made and not ended.
 */

#ifdef __cplusplus
}
#endif

#endif
