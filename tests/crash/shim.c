/* Loaded before the C library: counts the calls by which data leaves the process, and at one of them ends it as hard as
   `kill -9`, or lets it and all later ones of its kind fail.

   SHIM_KILL=N          at the N-th call of any kind: gone; of data for a file, every second time half of it is written before
   SHIM_FAIL=KIND:N:E   from the N-th call of that kind (write, sync, open, lock) on: errno E
   SHIM_COUNT=FILE      at the end: how many calls there were */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long calls, of_kind;

static int says(const char *kind) {
    const char *fail = getenv("SHIM_FAIL");
    size_t length = strlen(kind);
    if (!fail || strncmp(fail, kind, length) || fail[length] != ':') return 0;
    char *rest;
    long from = strtol(fail + length + 1, &rest, 10);
    if (__sync_add_and_fetch(&of_kind, 1) < from) return 0;
    errno = (int)strtol(rest + 1, NULL, 10);
    return 1;
}

/* The call that is the last. */
static int is_last(void) {
    const char *kill_at = getenv("SHIM_KILL");
    return __sync_add_and_fetch(&calls, 1) == (kill_at ? atol(kill_at) : -1);
}

static void gone(const char *kind) {
    char text[80];
    int length = snprintf(text, sizeof text, "shim: killed at call %ld, %s\n", calls, kind);
    syscall(SYS_write, 2, text, length);
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;) syscall(SYS_pause);
}

__attribute__((destructor)) static void told(void) {
    const char *path = getenv("SHIM_COUNT");
    int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (file < 0) return;
    char text[32];
    syscall(SYS_write, file, text, snprintf(text, sizeof text, "%ld", calls));
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
    if (is_last()) {
        if (calls % 2) syscall(SYS_pwrite64, file, bytes, length / 2, at);
        gone("pwrite");
    }
    if (says("write")) return -1;
    return syscall(SYS_pwrite64, file, bytes, length, at);
}
ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) { return pwrite64(file, bytes, length, at); }

ssize_t write(int file, const void *bytes, size_t length) {
    struct stat what;
    int is_file = file > 2 && syscall(SYS_fstat, file, &what) == 0 && S_ISREG(what.st_mode);
    if (is_file && is_last()) {
        if (calls % 2) syscall(SYS_write, file, bytes, length / 2);
        gone("write");
    }
    if (is_file && says("write")) return -1;
    return syscall(SYS_write, file, bytes, length);
}

int fsync(int file) {
    if (is_last()) gone("fsync");
    if (says("sync")) return -1;
    return syscall(SYS_fsync, file);
}
int fdatasync(int file) {
    if (is_last()) gone("fdatasync");
    if (says("sync")) return -1;
    return syscall(SYS_fdatasync, file);
}
int ftruncate64(int file, off64_t length) {
    if (is_last()) gone("ftruncate");
    if (says("write")) return -1;
    return syscall(SYS_ftruncate, file, length);
}
int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

int unlink(const char *path) {
    if (is_last()) gone("unlink");
    return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
int rename(const char *from, const char *to) {
    if (is_last()) gone("rename");
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* What is sent to others: the requests. Killed before, and killed after it has left. */
ssize_t send(int socket, const void *bytes, size_t length, int flags) {
    if (is_last()) {
        if (calls % 2) syscall(SYS_sendto, socket, bytes, length, flags, NULL, 0);
        gone("send");
    }
    return syscall(SYS_sendto, socket, bytes, length, flags, NULL, 0);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    if (file > 2 && is_last()) {
        if (calls % 2) syscall(SYS_writev, file, parts, count);
        gone("writev");
    }
    return syscall(SYS_writev, file, parts, count);
}

/* Files of the journal alone, opened to write: what is read-only lets them be read. */
static int opened(int folder, const char *path, int flags, mode_t mode) {
    if (strstr(path, "/store/") && (flags & (O_RDWR | O_WRONLY)) && says("open")) return -1;
    return syscall(SYS_openat, folder, path, flags, mode);
}
#define MODE(flags, last) ({ mode_t mode = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, last); \
    mode = va_arg(rest, mode_t); va_end(rest); } mode; })
int open64(const char *path, int flags, ...) { return opened(AT_FDCWD, path, flags, MODE(flags, flags)); }
int open(const char *path, int flags, ...) { return opened(AT_FDCWD, path, flags, MODE(flags, flags)); }
int openat64(int folder, const char *path, int flags, ...) { return opened(folder, path, flags, MODE(flags, flags)); }
int openat(int folder, const char *path, int flags, ...) { return opened(folder, path, flags, MODE(flags, flags)); }

/* SQLite's locks, as if another program held them. */
int fcntl64(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    struct flock *lock = argument;
    if (command == F_SETLK && lock->l_type == F_WRLCK && says("lock")) return -1;
    return syscall(SYS_fcntl, file, command, argument);
}
int fcntl(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return fcntl64(file, command, argument);
}
