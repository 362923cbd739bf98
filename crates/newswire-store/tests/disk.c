/* A disk that fails as it is told, and that remembers: loaded before libc into a child of the tests.
 *
 * C, since it stands in the place of libc's own functions, which Rust could only do with unsafe code.
 *
 * Only what lies in the folder DISK_IN (not below it) is touched.
 * DISK_FAULTS names a file whose first letter says what fails while it is there: w writing, with EIO; f writing,
 * with ENOSPC; s fsync, with EIO; d fsync of files, but of logs (whose names end with -wal), with EIO; o opening,
 * with EMFILE; h writing, with EIO, and opening, with EMFILE; r writing and opening for it, with EROFS.
 * DISK_LOG names a file that gets a record of everything that changes the disk, in order: the head below, then as many
 * bytes as it says. Nothing is really synced then. With DISK_LIES set, fsync isn't recorded either: it does nothing,
 * and says that it has. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct head {
    char op; /* o open, t truncate, w write, s sync, r rename, u unlink */
    char rest[3];
    int32_t fd;
    int64_t offset;
    uint32_t size, unused;
    int64_t ns;
};

#define FDS 4096
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* What is open: a file (1); a log, or the folder (2). */
static char tracked[FDS];
static int log_fd = -1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The name in the folder ("" for the folder itself); NULL for what lies elsewhere. */
static const char *inside(const char *path) {
    const char *folder = getenv("DISK_IN");
    size_t length = folder ? strlen(folder) : 0;
    if (!length || strncmp(path, folder, length) != 0) return NULL;
    if (!path[length]) return path + length;
    if (path[length] != '/' || strchr(path + length + 1, '/')) return NULL;
    return path + length + 1;
}

static int is_tracked(int fd) { return fd >= 0 && fd < FDS && tracked[fd]; }

/* What is to fail now. */
static int ordered(void) {
    const char *order = getenv("DISK_FAULTS");
    char letter = 0;
    if (!order) return 0;
    int file = (int)syscall(SYS_openat, AT_FDCWD, order, O_RDONLY);
    if (file < 0) return 0;
    if (syscall(SYS_read, file, &letter, 1) != 1) letter = 0;
    syscall(SYS_close, file);
    return letter;
}

static int write_fails(int fd) {
    if (!is_tracked(fd)) return 0;
    int order = ordered();
    if (order == 'w' || order == 'h') errno = EIO;
    if (order == 'f') errno = ENOSPC;
    if (order == 'r') errno = EROFS;
    return order && strchr("whfr", order) != NULL;
}

static int records(void) { return getenv("DISK_LOG") != NULL; }

static void record(char op, int fd, int64_t offset, const void *data, size_t size) {
    const char *path = getenv("DISK_LOG");
    if (!path) return;
    if (log_fd < 0) log_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct head head = {.op = op, .fd = fd, .offset = offset, .size = (uint32_t)size};
    head.ns = now.tv_sec * 1000000000LL + now.tv_nsec;
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)data, size}};
    if (syscall(SYS_writev, log_fd, parts, 2) != (long)(sizeof head + size)) abort();
}

static int opened(const char *path, int flags, mode_t mode) {
    const char *name = inside(path);
    if (!name) return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    int order = ordered();
    if (order == 'o' || order == 'h') return errno = EMFILE, -1;
    if (order == 'r' && (flags & (O_ACCMODE | O_CREAT)) != O_RDONLY) return errno = EROFS, -1;
    size_t length = strlen(name);
    int is_log = !length || (length > 4 && strcmp(name + length - 4, "-wal") == 0);
    pthread_mutex_lock(&lock);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        tracked[fd] = is_log ? 2 : 1;
        record('o', fd, 0, name, length);
        if (flags & O_TRUNC) record('t', fd, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; }

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opened(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opened(path, flags | O_LARGEFILE, mode);
}
int close(int fd) {
    if (!is_tracked(fd)) return REAL(close)(fd);
    pthread_mutex_lock(&lock);
    tracked[fd] = 0;
    int done = REAL(close)(fd);
    pthread_mutex_unlock(&lock);
    return done;
}

static ssize_t written(int fd, const void *data, size_t size, off_t at, int placed) {
    if (write_fails(fd)) return -1;
    if (!is_tracked(fd)) return placed ? syscall(SYS_pwrite64, fd, data, size, at) : syscall(SYS_write, fd, data, size);
    pthread_mutex_lock(&lock);
    if (!placed) at = lseek(fd, 0, SEEK_CUR);
    ssize_t done = placed ? syscall(SYS_pwrite64, fd, data, size, at) : syscall(SYS_write, fd, data, size);
    if (done > 0) record('w', fd, at, data, (size_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return written(fd, data, size, at, 1); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return written(fd, data, size, at, 1); }
ssize_t write(int fd, const void *data, size_t size) { return written(fd, data, size, 0, 0); }

static int synced(int fd, int only_data) {
    int order = is_tracked(fd) ? ordered() : 0;
    if (order == 's' || (order == 'd' && tracked[fd] == 1)) return errno = EIO, -1;
    if (!is_tracked(fd) || !records()) return only_data ? REAL(fdatasync)(fd) : REAL(fsync)(fd);
    pthread_mutex_lock(&lock);
    if (!getenv("DISK_LIES")) record('s', fd, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return 0;
}
int fsync(int fd) { return synced(fd, 0); }
int fdatasync(int fd) { return synced(fd, 1); }

static int cut(int fd, off_t size) {
    if (!is_tracked(fd)) return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_ftruncate, fd, size);
    if (done == 0) record('t', fd, size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate(int fd, off_t size) { return cut(fd, size); }
int ftruncate64(int fd, off64_t size) { return cut(fd, size); }

int rename(const char *from, const char *to) {
    const char *one = inside(from), *other = inside(to);
    if (!one || !other) return REAL(rename)(from, to);
    char names[8192];
    size_t length = strlen(one), all = length + 1 + strlen(other);
    if (all >= sizeof names) return errno = ENAMETOOLONG, -1;
    memcpy(names, one, length + 1);
    memcpy(names + length + 1, other, strlen(other));
    pthread_mutex_lock(&lock);
    int done = REAL(rename)(from, to);
    if (done == 0) record('r', -1, 0, names, all);
    pthread_mutex_unlock(&lock);
    return done;
}
int unlink(const char *path) {
    const char *name = inside(path);
    if (!name) return REAL(unlink)(path);
    pthread_mutex_lock(&lock);
    int done = REAL(unlink)(path);
    if (done == 0) record('u', -1, 0, name, strlen(name));
    pthread_mutex_unlock(&lock);
    return done;
}
