/* Stands between a program and its disk: preloaded, it makes the calls on the files of one directory fail as a page of
 * shared memory says, and keeps a record of what was written, synced and answered in which order.
 *
 * FAULTY_DISK_DIRECTORY   the directory whose files are meant
 * FAULTY_DISK_CONTROL     a file of at least sizeof(struct control) bytes, which steers it: see disk.rs
 * FAULTY_DISK_RECORD      where the record goes
 *
 * The kernel is asked by syscall(), so that nothing here finds itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The order is that of disk.rs. */
struct control {
    _Atomic int64_t attached;       /* processes that have loaded this */
    _Atomic int64_t files;          /* the kinds of files that are meant, as a set of bits */
    _Atomic int64_t write_error;    /* what writes fail with; 0: they do not */
    _Atomic int64_t sync_error;     /* the same of fsync and fdatasync, which do nothing then */
    _Atomic int64_t truncate_error; /* the same of ftruncate */
    _Atomic int64_t read_error;     /* the same of reads */
    _Atomic int64_t open_error;     /* the same of open */
    _Atomic int64_t room;           /* bytes by which the files may grow; negative: as they like */
    _Atomic int64_t hold_syncs;     /* while it is not 0, fsync and fdatasync do not return */
    _Atomic int64_t failed;         /* calls that were made to fail */
    _Atomic int64_t held;           /* syncs that wait now */
    _Atomic int64_t recording;      /* whether the record is kept */
};

enum { NONE = 0, DATABASE = 1, WAL = 2, SHM = 4, OTHER = 8 };

static struct control *control;
static int record_fd = -1;
static char directory[4096];
static size_t directory_length;

__attribute__((constructor)) static void attach(void)
{
    const char *where = getenv("FAULTY_DISK_DIRECTORY");
    const char *steered_by = getenv("FAULTY_DISK_CONTROL");
    const char *recorded_in = getenv("FAULTY_DISK_RECORD");
    if (where == NULL || steered_by == NULL || recorded_in == NULL) return;
    int fd = syscall(SYS_openat, AT_FDCWD, steered_by, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    record_fd = syscall(SYS_openat, AT_FDCWD, recorded_in, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (page == MAP_FAILED || record_fd < 0) return;
    directory_length = strlen(where);
    if (directory_length >= sizeof directory) return;
    memcpy(directory, where, directory_length);
    control = page;
    control->attached++;
}

static int ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), wanted = strlen(end);
    return length >= wanted && strcmp(path + length - wanted, end) == 0;
}

static int kind_of_path(const char *path)
{
    if (strncmp(path, directory, directory_length) != 0 || path[directory_length] != '/') return NONE;
    if (ends_with(path, ".db-wal")) return WAL;
    if (ends_with(path, ".db-shm")) return SHM;
    if (ends_with(path, ".db")) return DATABASE;
    return OTHER;
}

static int kind_of(int fd)
{
    char link[64], path[4096];
    if (control == NULL) return NONE;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length <= 0) return NONE;
    path[length] = 0;
    return kind_of_path(path);
}

static int fails(int kind, int64_t error)
{
    if (kind == NONE || error == 0 || (control->files & kind) == 0) return 0;
    control->failed++;
    errno = (int)error;
    return 1;
}

/* One entry: what, how long, and the bytes. A write that appends is whole and in order. */
static void record(char what, const void *bytes, size_t length)
{
    if (control == NULL || control->recording == 0) return;
    uint32_t head[2] = { (uint32_t)what, (uint32_t)length };
    struct iovec parts[2] = { { head, sizeof head }, { (void *)bytes, length } };
    int before = errno;
    syscall(SYS_writev, record_fd, parts, 2);
    errno = before;
}

/* How many of `length` bytes at `offset` there is room for; what the file grows by is taken from the room. */
static ssize_t room_for(int fd, int kind, size_t length, off_t offset)
{
    struct stat found;
    if (kind == NONE || control->room < 0 || (control->files & kind) == 0) return length;
    if (fstat(fd, &found) != 0) return length;
    int64_t grows_by = (int64_t)offset + (int64_t)length - (int64_t)found.st_size;
    if (grows_by <= 0) return length;
    int64_t room = control->room, taken;
    do {
        taken = room < grows_by ? room : grows_by;
    } while (!atomic_compare_exchange_weak(&control->room, &room, room - taken));
    int64_t fits = (int64_t)length - (grows_by - taken);
    if (fits > 0) return fits;
    control->failed++;
    errno = ENOSPC;
    return -1;
}

/* Whether and how much of a write at `offset` may go on: what the kernel is asked, or a failure. */
static ssize_t may_write(int fd, int kind, size_t length, off_t offset)
{
    if (kind == NONE) return length;
    if (fails(kind, control->write_error)) return -1;
    return room_for(fd, kind, length, offset);
}

/* 'w': bytes are in the log, though perhaps not on the disk. */
static void note_write(int kind, const void *bytes, ssize_t written)
{
    if (kind == WAL && written > 0) record('w', bytes, written);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset)
{
    int kind = kind_of(fd);
    ssize_t may = may_write(fd, kind, length, offset);
    if (may < 0) return -1;
    ssize_t written = syscall(SYS_pwrite64, fd, bytes, (size_t)may, offset);
    note_write(kind, bytes, written);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    return pwrite64(fd, bytes, length, offset);
}

/* 'a': an answer is about to leave. */
static void note_answer(const void *bytes, size_t length)
{
    if (length > 9 && memcmp(bytes, "HTTP/1.1 ", 9) == 0) record('a', bytes, length);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    int kind = kind_of(fd);
    if (kind == NONE) note_answer(bytes, length);
    ssize_t may = may_write(fd, kind, length, kind == NONE ? 0 : lseek(fd, 0, SEEK_CUR));
    if (may < 0) return -1;
    ssize_t written = syscall(SYS_write, fd, bytes, (size_t)may);
    note_write(kind, bytes, written);
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (count > 0) note_answer(parts[0].iov_base, parts[0].iov_len);
    return syscall(SYS_writev, fd, parts, count);
}

ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
    note_answer(bytes, length);
    return syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (message->msg_iovlen > 0) note_answer(message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
    return syscall(SYS_sendmsg, fd, message, flags);
}

/* 'b': a sync of the log begins; 'e': it has ended, and well. */
static int synced(int fd, long call)
{
    int kind = kind_of(fd);
    if (kind == WAL) record('b', NULL, 0);
    if (kind != NONE && (control->files & kind) != 0 && control->hold_syncs != 0) {
        control->held++;
        while (control->hold_syncs != 0) usleep(500);
        control->held--;
    }
    if (kind != NONE && fails(kind, control->sync_error)) return -1;
    int end = syscall(call, fd);
    if (kind == WAL && end == 0) record('e', NULL, 0);
    return end;
}

int fsync(int fd)
{
    return synced(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return synced(fd, SYS_fdatasync);
}

int ftruncate64(int fd, off_t length)
{
    struct stat before;
    int kind = kind_of(fd);
    if (kind != NONE && fails(kind, control->truncate_error)) return -1;
    int known = fstat(fd, &before) == 0;
    int end = syscall(SYS_ftruncate, fd, length);
    if (end == 0 && known && kind != NONE && (control->files & kind) != 0 && control->room >= 0
        && length < before.st_size)
        control->room += before.st_size - length;
    return end;
}

int ftruncate(int fd, off_t length)
{
    return ftruncate64(fd, length);
}

ssize_t pread64(int fd, void *bytes, size_t length, off_t offset)
{
    if (control != NULL && control->read_error != 0 && fails(kind_of(fd), control->read_error)) return -1;
    return syscall(SYS_pread64, fd, bytes, length, offset);
}

ssize_t pread(int fd, void *bytes, size_t length, off_t offset)
{
    return pread64(fd, bytes, length, offset);
}

int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list more;
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    if (control != NULL && control->open_error != 0 && fails(kind_of_path(path), control->open_error)) return -1;
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list more;
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    return open64(path, flags, mode);
}
