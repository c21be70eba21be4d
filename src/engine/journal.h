/*
 * journal - what was said since the last checkpoint, on the disk before it is seen.
 *
 * Two files of fixed size in state_dir, written in turn: the one of a checkpoint's number
 * takes what comes after that checkpoint's cut, and is written over once the checkpoint
 * after the next is whole. So it is bounded, and a full disk does not stop it.
 *
 * A file is a row of frames:
 *   magic[4] kind:u16 chained:u16 length:u32 index:u32 number:u64 sum:u64 | length bytes
 * padded to 8, and then JOURNAL_HEADER zeros, written together. sum is XXH3-64 of the header
 * before it and the bytes. Zeros, or at the start the frame of another number, are the end;
 * anything else there is torn or damaged, and so is all behind it.
 *
 * Thread   one owner.
 * Order    append with sync returns after fdatasync: frames before it are on the disk too.
 * Owns     its descriptors; state_dir is whose checkpoint lies there.
 * Memory   the largest frame.
 * Limit    JOURNAL_BYTES a file; what does not fit is -ENOSPC, and the caller's checkpoint's
 *          to keep.
 */
#ifndef TOCSIN_ENGINE_JOURNAL_H
#define TOCSIN_ENGINE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_BYTES  (16u << 20)
#define JOURNAL_HEADER 32u

enum journal_kind { JOURNAL_SAID = 1, JOURNAL_SENT };

struct journal;
/* Makes the files, or opens those that are there. 0 or -errno with why. */
int journal_open(struct journal **j, const char *state_dir, char why[256]);
void journal_close(struct journal *j);

struct journal_frame {
	enum journal_kind kind;
	bool chained; /* to the journal before: that one holds all of what came before this */
	const uint8_t *p;
	size_t len;
};
/* Calls fn with the frames of this number in state_dir, in order, until one answers an error,
 * which is returned. 0, also when there is no journal; -EBADMSG: the end is torn or damaged;
 * -EIO, -ENOMEM; then why tells where. */
int journal_read(const char *state_dir, uint64_t number,
		 int (*fn)(void *arg, const struct journal_frame *f), void *arg, char why[256]);
/* The same of a file's bytes. */
int journal_scan(const void *p, size_t len, uint64_t number,
		 int (*fn)(void *arg, const struct journal_frame *f), void *arg, char why[256]);

/* From now on frames are this number's, and begin anew. */
void journal_begin(struct journal *j, uint64_t number);
/* Bytes that one frame may have now. */
size_t journal_room(const struct journal *j);
bool journal_half_full(const struct journal *j);
/* One frame of two parts, on the disk when it returns if sync is asked for. 0, -ENOSPC,
 * -ENOMEM or -errno; then nothing of it counts. */
int journal_append(struct journal *j, const struct journal_frame *f, const void *more,
		   size_t more_len, bool sync);

#endif
