/* SPDX-License-Identifier: MIT */
#include "batch/prune.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "report/run_files.h"

#define LINK_TARGET_SIZE 256

/* -- which runs; pure -- */

bool prune_is_run_id(const char *name)
{
    static const char form[] = "dddddddd"
                               "T"
                               "dddddd"
                               "."
                               "ddd"
                               "Z-"
                               "xxxx";
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        const char *wanted = form[i] == 'd'   ? "0123456789"
                             : form[i] == 'x' ? "0123456789abcdef"
                                              : NULL;
        if (name[i] == '\0' ||
            (wanted != NULL ? strchr(wanted, name[i]) == NULL : name[i] != form[i]))
            return false;
    }
    return name[sizeof(form) - 1] == '\0';
}

/* ".4711.0.tmp" */
static bool is_draft_ending(const char *ending)
{
    for (int i = 0; i < 2; i++) {
        size_t digits = *ending == '.' ? strspn(ending + 1, "0123456789") : 0;
        if (digits == 0)
            return false;
        ending += 1 + digits;
    }
    return strcmp(ending, ".tmp") == 0;
}

static bool is_name_or_draft(const char *name, const char *known)
{
    size_t size = strlen(known);
    return strncmp(name, known, size) == 0 && (name[size] == '\0' || is_draft_ending(name + size));
}

static const char *const preflight_files[] = {"preflight.txt", "preflight.csv", "preflight.json"};

bool prune_is_run_file(const char *name)
{
    const char *known;
    if (strcmp(name, "run.log") == 0)
        return true;
    for (size_t i = 0; i < sizeof(preflight_files) / sizeof(preflight_files[0]); i++) {
        if (is_name_or_draft(name, preflight_files[i]))
            return true;
    }
    for (size_t i = 0; (known = report_file_name(i)) != NULL; i++) {
        if (is_name_or_draft(name, known))
            return true;
    }
    return false;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t size = strlen(name);
    size_t ending_size = strlen(ending);
    return size > ending_size && strcmp(name + size - ending_size, ending) == 0;
}

static bool is_user_log(const char *name)
{
    return ends_with(name, ".log");
}

/* Of `report --per-user`. */
static bool is_user_page(const char *name)
{
    return ends_with(name, ".html");
}

typedef bool name_check(const char *name);

/* The directories in a run's own, and which of their files are ours. */
static const struct {
    const char *name;
    name_check *is_ours;
} inner_dirs[] = {{"users", is_user_log}, {"pages", is_user_page}};

static int compare_newest_first(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

static bool is_protected(const char *id, const char *const protect[2])
{
    return (protect[0] != NULL && strcmp(id, protect[0]) == 0) ||
           (protect[1] != NULL && strcmp(id, protect[1]) == 0);
}

static void drop_doubles(struct str_list *sorted)
{
    size_t kept = 0;
    for (size_t i = 0; i < sorted->count; i++) {
        if (kept > 0 && strcmp(sorted->items[kept - 1], sorted->items[i]) == 0)
            mem_free(sorted->items[i]);
        else
            sorted->items[kept++] = sorted->items[i];
    }
    sorted->count = kept;
}

void prune_choose(struct str_list *ids, size_t keep_runs, const char *const protect[2],
                  struct str_list *chosen)
{
    size_t kept = 0;
    if (ids->count > 1)
        qsort(ids->items, ids->count, sizeof(*ids->items), compare_newest_first);
    drop_doubles(ids);
    for (size_t i = 0; i < ids->count; i++)
        kept += is_protected(ids->items[i], protect);
    for (size_t i = 0; i < ids->count && keep_runs > 0; i++) {
        if (is_protected(ids->items[i], protect))
            continue;
        if (kept < keep_runs)
            kept++;
        else
            str_list_add(chosen, ids->items[i]);
    }
}

/* -- their files -- */

static bool prune_fault(struct fault *fault_r, const char *what, const char *name)
{
    int error = errno;
    char words[STR_ERROR_SIZE];
    fault_set(fault_r, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
              "can't %s %s of an old run: %s", what, name, str_error(error, words));
    return false;
}

/* The directory's entries, or NULL with errno. The stream is the caller's. */
static DIR *open_dir(int parent_fd, const char *name)
{
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && dir == NULL)
        (void)close(fd);
    return dir;
}

/* What is there in the place of a directory but is none was not made by a run. */
static bool is_no_directory(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

static bool is_regular_file(int dir_fd, const char *name)
{
    struct stat info;
    return fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode);
}

/* Deletes the regular files whose names are accepted, nothing else. */
static bool delete_files(DIR *dir, name_check *accepts, struct fault *fault_r)
{
    struct dirent *entry;
    int fd = dirfd(dir);
    for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
        if (!accepts(entry->d_name) || !is_regular_file(fd, entry->d_name))
            continue;
        if (unlinkat(fd, entry->d_name, 0) != 0 && errno != ENOENT)
            return prune_fault(fault_r, "delete the file", entry->d_name);
    }
    return errno == 0 || prune_fault(fault_r, "read the directory", "");
}

/* Its own files, those of the directories in it and, if nothing is left, itself. */
static bool delete_dir(int parent_fd, const char *name, bool with_inner, name_check *is_ours,
                       struct fault *fault_r)
{
    bool is_ok = true;
    DIR *dir = open_dir(parent_fd, name);
    if (dir == NULL)
        return is_no_directory(errno) || prune_fault(fault_r, "open the directory", name);
    for (size_t i = 0; with_inner && i < sizeof(inner_dirs) / sizeof(inner_dirs[0]) && is_ok; i++)
        is_ok = delete_dir(dirfd(dir), inner_dirs[i].name, false, inner_dirs[i].is_ours, fault_r);
    is_ok = is_ok && delete_files(dir, is_ours, fault_r);
    (void)closedir(dir);
    if (!is_ok || unlinkat(parent_fd, name, AT_REMOVEDIR) == 0)
        return is_ok;
    return errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST ||
           prune_fault(fault_r, "delete the directory", name);
}

/* -- all of it -- */

static bool add_dirs(DIR *dir, struct str_list *ids, struct fault *fault_r)
{
    struct dirent *entry;
    for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
        if (prune_is_run_id(entry->d_name))
            str_list_add(ids, entry->d_name);
    }
    return errno == 0 || prune_fault(fault_r, "read the directory", "runs");
}

/* The id behind <workdir>/latest, owned by the caller, or NULL. */
static char *latest_run(const char *workdir)
{
    char target[LINK_TARGET_SIZE];
    char *path = mem_printf("%s/latest", workdir);
    ssize_t size = readlink(path, target, sizeof(target) - 1);
    mem_free(path);
    if (size <= 0)
        return NULL;
    target[size] = '\0';
    const char *slash = strrchr(target, '/');
    return mem_strdup(slash != NULL ? slash + 1 : target);
}

static bool forget_runs(struct store *store, int runs_fd, const struct str_list *chosen,
                        size_t *forgotten_r, struct fault *fault_r)
{
    for (size_t i = 0; i < chosen->count; i++) {
        const char *id = chosen->items[i];
        /* What is not an id of ours names no directory, whatever the store says. */
        if ((prune_is_run_id(id) && !delete_dir(runs_fd, id, true, prune_is_run_file, fault_r)) ||
            !store_run_forget(store, id, fault_r))
            return false;
        *forgotten_r += faccessat(runs_fd, id, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    }
    return true;
}

bool prune_runs(struct store *store, const char *workdir, const char *current_run, size_t keep_runs,
                size_t *forgotten_r, struct fault *fault_r)
{
    struct str_list ids = {0};
    struct str_list chosen = {0};
    *forgotten_r = 0;
    if (keep_runs == 0)
        return true;
    char *runs_path = mem_printf("%s/runs", workdir);
    DIR *runs = open_dir(AT_FDCWD, runs_path);
    mem_free(runs_path);
    if (runs == NULL)
        return prune_fault(fault_r, "open the directory", "runs");
    char *latest = latest_run(workdir);
    const char *const protect[2] = {current_run, latest};
    bool is_ok = add_dirs(runs, &ids, fault_r) && store_run_ids(store, &ids, fault_r);
    if (is_ok) {
        prune_choose(&ids, keep_runs, protect, &chosen);
        is_ok = forget_runs(store, dirfd(runs), &chosen, forgotten_r, fault_r);
    }
    (void)closedir(runs);
    str_list_deinit(&ids);
    str_list_deinit(&chosen);
    mem_free(latest);
    return is_ok;
}
