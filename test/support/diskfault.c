/* A disk that fails on command: loaded by LD_PRELOAD, it lets each change of a file under DISKFAULT_FOLDER fail with the errno that
 * stands, as 4 bytes, at the beginning of the file DISKFAULT_CONTROL; 0 lets all pass. Reading is never disturbed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const volatile int32_t *control;
static const char *folder;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("DISKFAULT_CONTROL");
  folder = getenv("DISKFAULT_FOLDER");
  if (!path || !folder) return;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) abort();
  void *at = mmap(NULL, sizeof *control, PROT_READ, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) abort();
  control = at;
  syscall(SYS_close, fd);
}

static int is_below(const char *path) { return strncmp(path, folder, strlen(folder)) == 0; }

/* The errno to fail with, for a path that need not be absolute. */
static int fault_at(const char *given) {
  int error = control ? *control : 0;
  char full[PATH_MAX * 2];
  if (!error || !given) return 0;
  if (given[0] == '/') return is_below(given) ? error : 0;
  if (!getcwd(full, PATH_MAX)) return 0;
  size_t used = strlen(full);
  snprintf(full + used, sizeof full - used, "/%s", given);
  return is_below(full) ? error : 0;
}

static int fault_of(int fd) {
  int error = control ? *control : 0;
  char link[64], path[PATH_MAX];
  if (!error) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_below(path) ? error : 0;
}

#define FAIL_FD(fd)                                                                                                           \
  do {                                                                                                                        \
    int error = fault_of(fd);                                                                                                 \
    if (error) {                                                                                                              \
      errno = error;                                                                                                          \
      return -1;                                                                                                              \
    }                                                                                                                         \
  } while (0)
#define FAIL_PATH(path)                                                                                                       \
  do {                                                                                                                        \
    int error = fault_at(path);                                                                                               \
    if (error) {                                                                                                              \
      errno = error;                                                                                                          \
      return -1;                                                                                                              \
    }                                                                                                                         \
  } while (0)

static int opened(int dir, const char *path, int flags, mode_t mode) {
  /* A name takes no room; but what cannot be written does not even open for it. */
  if (fault_at(path) == EROFS && ((flags & O_CREAT) || (flags & O_ACCMODE) != O_RDONLY)) {
    errno = EROFS;
    return -1;
  }
  return (int)syscall(SYS_openat, dir, path, flags, mode);
}

#define MODE_OF(flags)                                                                                                        \
  mode_t mode = 0;                                                                                                            \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                                      \
    va_list rest;                                                                                                             \
    va_start(rest, flags);                                                                                                    \
    mode = va_arg(rest, mode_t);                                                                                              \
    va_end(rest);                                                                                                             \
  }

int open(const char *path, int flags, ...) {
  MODE_OF(flags)
  return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE_OF(flags)
  return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
int openat(int dir, const char *path, int flags, ...) {
  MODE_OF(flags)
  return opened(dir, path, flags, mode);
}
int openat64(int dir, const char *path, int flags, ...) {
  MODE_OF(flags)
  return opened(dir, path, flags | O_LARGEFILE, mode);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  FAIL_FD(fd);
  return syscall(SYS_write, fd, bytes, length);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  FAIL_FD(fd);
  return syscall(SYS_pwrite64, fd, bytes, length, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
  FAIL_FD(fd);
  return syscall(SYS_writev, fd, parts, count);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  FAIL_FD(fd);
  return syscall(SYS_pwritev, fd, parts, count, at, 0);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return pwritev64(fd, parts, count, at); }
int ftruncate64(int fd, off64_t size) {
  struct stat about;
  /* There is always room for less. */
  if (fault_of(fd) != ENOSPC || fstat(fd, &about) != 0 || size > about.st_size) FAIL_FD(fd);
  return (int)syscall(SYS_ftruncate, fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int fallocate64(int fd, int mode, off64_t at, off64_t length) {
  FAIL_FD(fd);
  return (int)syscall(SYS_fallocate, fd, mode, at, length);
}
int fallocate(int fd, int mode, off_t at, off_t length) { return fallocate64(fd, mode, at, length); }
int posix_fallocate64(int fd, off64_t at, off64_t length) {
  int error = fault_of(fd);
  return error ? error : syscall(SYS_fallocate, fd, 0, at, length) == 0 ? 0 : errno;
}
int posix_fallocate(int fd, off_t at, off_t length) { return posix_fallocate64(fd, at, length); }
int fsync(int fd) {
  if (control && *control == EIO) FAIL_FD(fd);
  return (int)syscall(SYS_fsync, fd);
}
int fdatasync(int fd) {
  if (control && *control == EIO) FAIL_FD(fd);
  return (int)syscall(SYS_fdatasync, fd);
}
int rename(const char *from, const char *to) {
  FAIL_PATH(to);
  return (int)syscall(SYS_rename, from, to);
}
int unlink(const char *path) {
  if (control && *control != ENOSPC) FAIL_PATH(path);
  return (int)syscall(SYS_unlink, path);
}
