/* What lies in a catalog and is not read: a schema that nobody reads is a version that is
 * not there. */
#include "catalog/check.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len > tail && strcmp(name + len - tail, end) == 0;
}

/* Read, or plainly not meant to be: words about it, what an editor left. */
static bool is_fine(const char *name)
{
	static const char *const ends[] = {".json", ".yaml", ".yml", ".md", ".txt", "~"};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (ends_with(name, ends[i]))
			return true;
	return name[0] == '.';
}

static void warn_file(struct checker *checker, const char *path)
{
	checker_tell(checker, true, path, 0,
		     STR("it is not read: the files of a catalog end in .json, .yaml or .yml"));
}

/* The files of a folder, and, where these are wanted, those one folder below. */
static void look(struct checker *checker, const char *folder, bool deeper)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[PATH_MAX];
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    (size_t)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >=
			    sizeof(path) ||
		    stat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode) && deeper)
			look(checker, path, false);
		else if (S_ISREG(st.st_mode) && !is_fine(entry->d_name))
			warn_file(checker, path);
	}
	if (dir)
		closedir(dir);
}

void check_files(struct checker *checker)
{
	static const struct {
		const char *name, *wrong;
		bool deeper;
	} folders[] = {{"schemas", "schema", true},
		       {"lenses", "lens", true},
		       {"manifests", "manifest", false}};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char path[PATH_MAX], text[100];
		struct stat st;

		(void)snprintf(path, sizeof(path), "%.*s/%s", STR_ARG(checker->dir),
			       folders[i].name);
		look(checker, path, folders[i].deeper);
		(void)snprintf(path, sizeof(path), "%.*s/%s", STR_ARG(checker->dir),
			       folders[i].wrong);
		(void)snprintf(text, sizeof(text), "it is not read: the folder is called %s",
			       folders[i].name);
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			checker_tell(checker, true, path, 0, str_of(text));
	}
}
