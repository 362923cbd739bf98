/* Makes writing or fsync fail with EIO while a file says so: loaded before libc into a child of the tests.
 *
 * FAULTS names the file; its first letter says what fails: w for writing, s for fsync. Only what lies below the
 * folder in FAULTS_IN is touched, told by the path of the descriptor. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(char what, int fd) {
    const char *order = getenv("FAULTS"), *folder = getenv("FAULTS_IN");
    char letter = 0, link[64], path[4096];
    if (!order || !folder) return 0;
    int file = (int)syscall(SYS_openat, AT_FDCWD, order, O_RDONLY);
    if (file < 0) return 0;
    if (syscall(SYS_read, file, &letter, 1) != 1) letter = 0;
    syscall(SYS_close, file);
    if (letter != what) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder)) != 0) return 0;
    errno = EIO;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return fails('w', fd) ? -1 : REAL(pwrite64)(fd, data, size, at);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return fails('w', fd) ? -1 : REAL(pwrite)(fd, data, size, at);
}
int fsync(int fd) { return fails('s', fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails('s', fd) ? -1 : REAL(fdatasync)(fd); }
