/* Files that a command writes beside what is there: nothing is written over. */
#include "cli/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct cf_error *error, struct cf_str path)
{
	error_set(error, errno == EEXIST ? CF_ERR_PRECONDITION : CF_ERR_IO, "%s",
		  errno == EEXIST ? "is there already: nothing is written over"
				  : strerrordesc_np(errno));
	error_at_file(error, path, 0);
	return error->code;
}

int init_write_file(struct cf_str path, struct cf_str text, struct cf_error *error)
{
	int fd = path.ptr ? open(path.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;

	if (!path.ptr)
		return error_nomem(error);
	if (fd < 0)
		return fail(error, path);
	if (write(fd, text.ptr, text.len) != (ssize_t)text.len) {
		int rc = fail(error, path);

		close(fd);
		return rc;
	}
	return close(fd) ? fail(error, path) : 0;
}

int init_make_folder(struct cf_str path, bool may_exist, struct cf_error *error)
{
	return mkdir(path.ptr, 0777) && (errno != EEXIST || !may_exist) ? fail(error, path) : 0;
}
