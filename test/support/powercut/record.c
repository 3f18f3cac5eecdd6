/* Records what a process asks of the disk, below everything that it is made of: loaded by LD_PRELOAD, it writes each change of a
 * file under POWERCUT_FOLDER to POWERCUT_LOG, in order. A sync is recorded and not carried out: what it is worth, the replay decides.
 * Writes to a file named `marks` are marks: words of the process itself, at their place in that order.
 *
 * A record: op (1 byte), length of the path (u32), of the data (u32), offset or size (u64), path, data; little endian.
 * Ops: C created, W written, T truncated, S synced, D directory synced, R renamed (data: the new path), U unlinked, M mark. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FDS 4096

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char *paths[MAX_FDS];
static const char *folder;
static int log_fd = -1;

static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) {
    fprintf(stderr, "record: no %s\n", name);
    abort();
  }
  return found;
}

__attribute__((constructor)) static void begin(void) {
  const char *log = getenv("POWERCUT_LOG");
  folder = getenv("POWERCUT_FOLDER");
  if (!log || !folder) return;
  log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_ours(const char *path) {
  return log_fd >= 0 && path && strncmp(path, folder, strlen(folder)) == 0;
}

static const char *path_of(int fd) { return fd >= 0 && fd < MAX_FDS ? paths[fd] : NULL; }

static void put(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t done = syscall(SYS_write, log_fd, at, length);
    if (done <= 0) abort();
    at += done;
    length -= (size_t)done;
  }
}

/* Under the lock. */
static void record(char op, const char *path, uint64_t number, const void *data, size_t length) {
  uint32_t path_length = (uint32_t)strlen(path), data_length = (uint32_t)length;
  char head[17];
  head[0] = op;
  memcpy(head + 1, &path_length, 4);
  memcpy(head + 5, &data_length, 4);
  memcpy(head + 9, &number, 8);
  put(head, sizeof head);
  put(path, path_length);
  put(data, length);
}

static void written(int fd, const void *bytes, ssize_t length, off64_t at) {
  const char *path = paths[fd];
  const char *name = strrchr(path, '/');
  if (name && strcmp(name, "/marks") == 0) record('M', path, 0, bytes, (size_t)length);
  else record('W', path, (uint64_t)at, bytes, (size_t)length);
}

static int opened(int dir, const char *given, int flags, mode_t mode) {
  char full[PATH_MAX];
  const char *path = given;
  if (given && given[0] != '/' && dir == AT_FDCWD && getcwd(full, sizeof full)) {
    size_t used = strlen(full);
    snprintf(full + used, sizeof full - used, "/%s", given);
    path = full;
  }
  if (!is_ours(path)) {
    int other = (int)syscall(SYS_openat, dir, given, flags, mode);
    if (path_of(other)) paths[other] = NULL;
    return other;
  }
  pthread_mutex_lock(&order);
  struct stat about;
  int existed = stat(path, &about) == 0;
  int fd = (int)syscall(SYS_openat, dir, given, flags, mode);
  if (fd >= 0 && fd < MAX_FDS) {
    free(paths[fd]);
    paths[fd] = strdup(path);
    if (!existed) record('C', path, 0, "", 0);
    else if ((flags & O_TRUNC) && S_ISREG(about.st_mode)) record('T', path, 0, "", 0);
  }
  pthread_mutex_unlock(&order);
  return fd;
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

int close(int fd) {
  pthread_mutex_lock(&order);
  if (path_of(fd)) {
    free(paths[fd]);
    paths[fd] = NULL;
  }
  pthread_mutex_unlock(&order);
  return (int)syscall(SYS_close, fd);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (!path_of(fd)) return syscall(SYS_write, fd, bytes, length);
  pthread_mutex_lock(&order);
  ssize_t done = syscall(SYS_write, fd, bytes, length);
  if (done > 0 && path_of(fd)) written(fd, bytes, done, lseek64(fd, 0, SEEK_CUR) - done);
  pthread_mutex_unlock(&order);
  return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  if (!path_of(fd)) return syscall(SYS_pwrite64, fd, bytes, length, at);
  pthread_mutex_lock(&order);
  ssize_t done = syscall(SYS_pwrite64, fd, bytes, length, at);
  if (done > 0 && path_of(fd)) written(fd, bytes, done, at);
  pthread_mutex_unlock(&order);
  return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

/* Of ours, one buffer at a time: nobody asks that it be one write. */
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  static ssize_t (*next)(int, const struct iovec *, int, off64_t);
  if (!path_of(fd)) {
    if (!next) next = (ssize_t(*)(int, const struct iovec *, int, off64_t))real("pwritev64");
    return next(fd, parts, count, at);
  }
  ssize_t sum = 0;
  for (int index = 0; index < count; index++) {
    ssize_t done = pwrite64(fd, parts[index].iov_base, parts[index].iov_len, at + sum);
    if (done < 0) return sum ? sum : done;
    sum += done;
    if ((size_t)done < parts[index].iov_len) break;
  }
  return sum;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return pwritev64(fd, parts, count, at); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (!path_of(fd)) return syscall(SYS_writev, fd, parts, count);
  ssize_t sum = 0;
  for (int index = 0; index < count; index++) {
    ssize_t done = write(fd, parts[index].iov_base, parts[index].iov_len);
    if (done < 0) return sum ? sum : done;
    sum += done;
    if ((size_t)done < parts[index].iov_len) break;
  }
  return sum;
}

int ftruncate64(int fd, off64_t size) {
  if (!path_of(fd)) return (int)syscall(SYS_ftruncate, fd, size);
  pthread_mutex_lock(&order);
  int result = (int)syscall(SYS_ftruncate, fd, size);
  if (result == 0 && path_of(fd)) record('T', paths[fd], (uint64_t)size, "", 0);
  pthread_mutex_unlock(&order);
  return result;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int synced(int fd, long call) {
  if (!path_of(fd)) return (int)syscall(call, fd);
  pthread_mutex_lock(&order);
  struct stat about;
  if (path_of(fd) && fstat(fd, &about) == 0) record(S_ISDIR(about.st_mode) ? 'D' : 'S', paths[fd], 0, "", 0);
  pthread_mutex_unlock(&order);
  return 0;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

/* Under the lock. Open files go on under their new name; the file that had it before has none. */
static void renamed(const char *from, const char *to) {
  for (int fd = 0; fd < MAX_FDS; fd++) {
    if (!paths[fd]) continue;
    int moves = strcmp(paths[fd], from) == 0;
    if (!moves && strcmp(paths[fd], to) != 0) continue;
    free(paths[fd]);
    paths[fd] = moves ? strdup(to) : NULL;
  }
}

int rename(const char *from, const char *to) {
  if (!is_ours(from)) return (int)syscall(SYS_rename, from, to);
  pthread_mutex_lock(&order);
  int result = (int)syscall(SYS_rename, from, to);
  if (result == 0) {
    record('R', from, 0, to, strlen(to));
    renamed(from, to);
  }
  pthread_mutex_unlock(&order);
  return result;
}

int unlink(const char *path) {
  if (!is_ours(path)) return (int)syscall(SYS_unlink, path);
  pthread_mutex_lock(&order);
  int result = (int)syscall(SYS_unlink, path);
  if (result == 0) record('U', path, 0, "", 0);
  pthread_mutex_unlock(&order);
  return result;
}
