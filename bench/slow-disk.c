/*
 * A disk whose sync takes SYNC_MICROSECONDS, whatever the one below would take, and keeps nothing. For LD_PRELOAD on
 * Linux.
 */
#include <stdlib.h>
#include <unistd.h>

static int sync_for_so_long(void) {
  const char *time = getenv("SYNC_MICROSECONDS");
  if (time && atoi(time) > 0) usleep(atoi(time));
  return 0;
}

int fsync(int descriptor) { return (void)descriptor, sync_for_so_long(); }
int fdatasync(int descriptor) { return (void)descriptor, sync_for_so_long(); }
