/*
 * Records what a process does to the files below RECORDED_FOLDER, in the order in which it happens: each write, each
 * truncation, each removal, and the begin and the end of each sync, which takes two milliseconds longer. The record is
 * appended to the file RECORD. For LD_PRELOAD on Linux.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPENED, WRITTEN, TRUNCATED, SYNC_BEGAN, SYNC_ENDED, REMOVED };
enum { MOST_FILES = 16, MOST_DESCRIPTORS = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *names[MOST_FILES];
/* The number of the file that a descriptor is open on, plus one. */
static int files[MOST_DESCRIPTORS];

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static void record(enum kind kind, int file, int64_t offset, const void *data, uint64_t length) {
  static int record = -1;
  struct { uint32_t kind, file; int64_t offset; uint64_t length; } head = { kind, file, offset, length };
  struct iovec parts[] = { { &head, sizeof head }, { (void *)data, data ? length : 0 } };
  pthread_mutex_lock(&lock);
  if (record < 0)
    record = syscall(SYS_openat, AT_FDCWD, getenv("RECORD"), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (syscall(SYS_writev, record, parts, 2) < (long)sizeof head) abort();
  pthread_mutex_unlock(&lock);
}

/* The number of a file below the folder, or -1. */
static int number_of(const char *path) {
  const char *folder = getenv("RECORDED_FOLDER");
  if (!folder || !path || strncmp(path, folder, strlen(folder)) != 0) return -1;
  pthread_mutex_lock(&lock);
  int number = 0;
  while (number < MOST_FILES && names[number] && strcmp(names[number], path) != 0) number++;
  if (number == MOST_FILES) abort();
  int is_new = !names[number];
  if (is_new) names[number] = strdup(path);
  pthread_mutex_unlock(&lock);
  if (is_new) record(OPENED, number, 0, path, strlen(path));
  return number;
}

static int opened(int descriptor, const char *path) {
  if (descriptor >= 0 && descriptor < MOST_DESCRIPTORS) files[descriptor] = number_of(path) + 1;
  return descriptor;
}

static int file_of(int descriptor) {
  return descriptor >= 0 && descriptor < MOST_DESCRIPTORS ? files[descriptor] - 1 : -1;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(int, #name, const char *, int, ...); \
    va_list more; \
    va_start(more, flags); \
    int mode = va_arg(more, int); \
    va_end(more); \
    return opened(real(path, flags, mode), path); \
  }
OPEN(open)
OPEN(open64)

int close(int descriptor) {
  REAL(int, "close", int);
  if (descriptor >= 0 && descriptor < MOST_DESCRIPTORS) files[descriptor] = 0;
  return real(descriptor);
}

ssize_t write(int descriptor, const void *data, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  int file = file_of(descriptor);
  off_t offset = file < 0 ? 0 : lseek(descriptor, 0, SEEK_CUR);
  ssize_t written = real(descriptor, data, length);
  if (file >= 0 && written > 0) record(WRITTEN, file, offset, data, written);
  return written;
}

#define PWRITE(name) \
  ssize_t name(int descriptor, const void *data, size_t length, off_t offset) { \
    REAL(ssize_t, #name, int, const void *, size_t, off_t); \
    int file = file_of(descriptor); \
    ssize_t written = real(descriptor, data, length, offset); \
    if (file >= 0 && written > 0) record(WRITTEN, file, offset, data, written); \
    return written; \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define TRUNCATE(name) \
  int name(int descriptor, off_t length) { \
    REAL(int, #name, int, off_t); \
    int file = file_of(descriptor); \
    int failed = real(descriptor, length); \
    if (file >= 0 && !failed) record(TRUNCATED, file, length, NULL, 0); \
    return failed; \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

static _Atomic int64_t syncs;

#define SYNC(name) \
  int name(int descriptor) { \
    REAL(int, #name, int); \
    int64_t sync = syncs++; \
    int file = file_of(descriptor); \
    if (file >= 0) record(SYNC_BEGAN, file, sync, NULL, 0); \
    int failed = real(descriptor); \
    if (file < 0) return failed; \
    usleep(2000); \
    if (!failed) record(SYNC_ENDED, file, sync, NULL, 0); \
    return failed; \
  }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  int failed = real(path);
  if (!failed) {
    int file = number_of(path);
    if (file >= 0) record(REMOVED, file, 0, NULL, 0);
  }
  return failed;
}
