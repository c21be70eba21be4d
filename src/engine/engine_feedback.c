/* Feedback comes in: files that grow or are replaced, and messages of a topic. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/engine_priv.h"

#define FILES_MAX 4096
#define BYTES_MAX (64u << 20) /* of one file */

struct feedback_file {
	char *path;
	struct timespec modified;
	off_t size;
	ino_t inode;
};

void feedback_input_init(struct feedback_input *in)
{
	memset(in, 0, sizeof(*in));
	inbox_init(&in->arrived);
}

void feedback_input_fini(struct feedback_input *in)
{
	for (uint32_t i = 0; i < in->file_count; i++)
		free(in->files[i].path);
	free(in->files);
	inbox_fini(&in->arrived);
	feedback_fini(in->store);
}

static int64_t future_limit(const struct engine *e)
{
	return clock_wall_us() + e->config->clock_skew_max;
}

static int read_arrived(struct engine *e)
{
	struct text t;

	inbox_take(&e->feedback.arrived, &t);
	int err = t.len ? feedback_read(e->feedback.store, t.p, t.len, future_limit(e)) : 0;
	text_fini(&t);
	return err;
}

static struct feedback_file *file_of(struct feedback_input *in, const char *path)
{
	for (uint32_t i = 0; i < in->file_count; i++)
		if (strcmp(in->files[i].path, path) == 0)
			return &in->files[i];
	struct feedback_file *grown =
		in->file_count == FILES_MAX
			? NULL
			: realloc(in->files, (in->file_count + 1) * sizeof(*in->files));
	if (!grown)
		return NULL;
	in->files = grown;
	grown[in->file_count] = (struct feedback_file){.path = strdup(path), .size = -1};
	return grown[in->file_count].path ? &grown[in->file_count++] : NULL;
}

static int read_whole(struct engine *e, const char *path, size_t size)
{
	FILE *f = fopen(path, "re");
	char *p = malloc(size + 1);
	int err = !p ? -ENOMEM : !f ? -errno : 0;

	if (!err) {
		size_t n = fread(p, 1, size, f);
		err = ferror(f) ? -EIO : feedback_read(e->feedback.store, p, n, future_limit(e));
	}
	if (f)
		fclose(f);
	free(p);
	return err;
}

static int read_file(struct engine *e, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return -errno;
	struct feedback_file *f = file_of(&e->feedback, path);
	if (!f)
		return e->feedback.file_count == FILES_MAX ? -E2BIG : -ENOMEM;
	if (f->size == st.st_size && f->inode == st.st_ino &&
	    f->modified.tv_sec == st.st_mtim.tv_sec && f->modified.tv_nsec == st.st_mtim.tv_nsec)
		return 0;
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)BYTES_MAX)
		return S_ISREG(st.st_mode) ? -EFBIG : -EINVAL;
	int err = read_whole(e, path, (size_t)st.st_size);
	if (!err) {
		f->size = st.st_size;
		f->inode = st.st_ino;
		f->modified = st.st_mtim;
	}
	return err;
}

static int not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int read_path(struct engine *e, const char *path, char why[256])
{
	struct dirent **names;
	struct stat st;
	int err = stat(path, &st) ? -errno : 0, n = 0;

	if (err || !S_ISDIR(st.st_mode)) {
		err = err ? err : read_file(e, path);
		if (err)
			snprintf(why, 256, "%.180s: %s", path, strerror(-err));
		return err;
	}
	n = scandir(path, &names, not_hidden, alphasort);
	if (n < 0)
		err = -errno;
	for (int i = 0; i < n; i++) {
		char file[CONFIG_TEXT_MAX + 300];
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		int r = stat(file, &st) == 0 && S_ISREG(st.st_mode) ? read_file(e, file) : 0;
		if (r && !err) {
			err = r;
			snprintf(why, 256, "%.180s: %s", file, strerror(-r));
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	else
		snprintf(why, 256, "%.180s: %s", path, strerror(-err));
	return err;
}

int engine_feedback_read(struct engine *e, char why[256])
{
	const struct feedback *f = e->feedback.store;
	uint64_t before = feedback_counted(f, FEEDBACK_UNREGISTERED);
	int err = read_arrived(e);

	if (err)
		snprintf(why, 256, "feedback: %s", strerror(-err));
	if (!err && e->config->feedback_path[0])
		err = read_path(e, e->config->feedback_path, why);
	uint64_t unheard = feedback_counted(f, FEEDBACK_UNREGISTERED) - before;
	if (unheard)
		log_warning("%llu feedback records by who is not in feedback.by were not heard",
			    (unsigned long long)unheard);
	return err;
}

const struct feedback *engine_feedback(const struct engine *e)
{
	return e->feedback.store;
}
