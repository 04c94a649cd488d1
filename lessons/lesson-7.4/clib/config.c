#include "config.h"

#include <stdlib.h>
#include <string.h>

struct config {
    char *server_url; /* owned */
    int32_t timeout;
};

static int32_t alive;

config *config_create(const char *server_url)
{
    config *made = malloc(sizeof *made);
    size_t size = strlen(server_url) + 1;

    if (made == NULL)
        return NULL;
    made->server_url = malloc(size);
    if (made->server_url == NULL) {
        free(made);
        return NULL;
    }
    memcpy(made->server_url, server_url, size);
    made->timeout = 30;
    alive++;
    return made;
}

void config_destroy(config *of)
{
    if (of == NULL)
        return;
    free(of->server_url);
    free(of);
    alive--;
}

int config_set_timeout(config *of, int32_t seconds)
{
    if (seconds < CONFIG_FOREVER || seconds > CONFIG_MAX_TIMEOUT)
        return CONFIG_E_RANGE;
    of->timeout = seconds;
    return 0;
}

int64_t config_process(const config *of)
{
    if (of->timeout == CONFIG_FOREVER)
        return -1;
    return (int64_t)of->timeout * 1000;
}

const char *config_server_url(const config *of)
{
    return of->server_url;
}

int32_t config_timeout(const config *of)
{
    return of->timeout;
}

int32_t config_alive(void)
{
    return alive;
}
