/* SPDX-License-Identifier: MIT
 * Any bytes as a manifest. Checked: a manifest or faults, never both; every row resolves to
 * settings that a pair can start with. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "batch/manifest.h"

#define FAULTS_MAX_BYTES ((size_t)4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void resolve_all(const struct manifest *manifest)
{
    for (size_t row = 0; row < manifest_count(manifest); row++) {
        struct settings settings;
        struct buffer faults;
        buffer_init(&faults, FAULTS_MAX_BYTES);
        manifest_resolve(manifest, row, &settings);
        demand(manifest_row_line(manifest, row) >= 1);
        demand(settings_check_pair(&settings, &faults));
        buffer_clear(&faults);
        settings_append_echo(&settings, &faults);
        settings_deinit(&settings);
        buffer_deinit(&faults);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct manifest *manifest = NULL;
    struct settings defaults;
    struct buffer faults;
    (void)snprintf(path, sizeof(path), "/tmp/mailconvoy-fuzz-%ld.csv", (long)getpid());
    FILE *file = fopen(path, "wb");
    demand(file != NULL && fwrite(data, 1, size, file) == size);
    demand(fclose(file) == 0);
    settings_init(&defaults);
    defaults.insecure_manifest = true;
    buffer_init(&faults, FAULTS_MAX_BYTES);
    bool is_good = manifest_read(path, &defaults, &manifest, &faults);
    demand(is_good == (manifest != NULL) && is_good == (faults.used == 0));
    if (is_good)
        resolve_all(manifest);
    manifest_deinit(&manifest);
    settings_deinit(&defaults);
    buffer_deinit(&faults);
    (void)unlink(path);
    return 0;
}
