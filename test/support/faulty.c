/*
 * Loaded before libc into a run of dub (LD_PRELOAD): makes writes fail, or the clock go back, as a broken disk or an
 * administrator would. Set by variables:
 *   FAULT_PATHS   parts of paths, with colons between: writing a file under one of them fails with EIO
 *   FAULT_AFTER   how many such writes succeed first
 *   FAULT_CLOCK   seconds that are added to the time of day
 *   FAULT_CLOCK_AFTER_MS   after so many milliseconds of the process's life
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int fails(int fd) {
  static long left = -1;
  const char *paths = getenv("FAULT_PATHS");
  if (paths == NULL || fd < 3) return 0;
  char link[64], target[4096], copy[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, target, sizeof target - 1);
  if (length <= 0) return 0;
  target[length] = 0;
  snprintf(copy, sizeof copy, "%s", paths);
  for (char *part = strtok(copy, ":"); part != NULL; part = strtok(NULL, ":")) {
    if (strstr(target, part) == NULL) continue;
    if (left < 0) left = atol(getenv("FAULT_AFTER") ? getenv("FAULT_AFTER") : "0");
    if (__sync_fetch_and_sub(&left, 1) > 0) return 0;
    left = 0;
    errno = EIO;
    return 1;
  }
  return 0;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

ssize_t write(int fd, const void *bytes, size_t count) {
  return fails(fd) ? -1 : REAL("write", ssize_t (*)(int, const void *, size_t))(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  return fails(fd) ? -1 : REAL("pwrite", ssize_t (*)(int, const void *, size_t, off_t))(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  return fails(fd) ? -1 : REAL("pwrite64", ssize_t (*)(int, const void *, size_t, off64_t))(fd, bytes, count, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  return fails(fd) ? -1 : REAL("writev", ssize_t (*)(int, const struct iovec *, int))(fd, parts, count);
}

static long added(void) {
  static struct timespec begun;
  const char *seconds = getenv("FAULT_CLOCK"), *after = getenv("FAULT_CLOCK_AFTER_MS");
  struct timespec now;
  if (seconds == NULL) return 0;
  REAL("clock_gettime", int (*)(clockid_t, struct timespec *))(CLOCK_MONOTONIC, &now);
  if (begun.tv_sec == 0) begun = now;
  long ms = (now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000;
  return ms >= (after ? atol(after) : 0) ? atol(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = REAL("clock_gettime", int (*)(clockid_t, struct timespec *))(clock, time);
  if (clock == CLOCK_REALTIME) time->tv_sec += added();
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  int result = REAL("gettimeofday", int (*)(struct timeval *, void *))(time, zone);
  time->tv_sec += added();
  return result;
}

time_t time(time_t *store) {
  time_t now = REAL("time", time_t (*)(time_t *))(NULL) + added();
  if (store != NULL) *store = now;
  return now;
}
