/* Databases on the CouchDB under test; see couchdb.h. */
#include "couchdb.h"

#include "check_main.h"

#include <curl/curl.h>
#include <inttypes.h>

const char *couchdb_url(void)
{
	const char *url = getenv("CHESTERFIELD_CONFORMANCE_COUCHDB");

	return url && *url ? url : NULL;
}

static size_t keep(char *bytes, size_t size, size_t count, void *ctx)
{
	char *text = ctx;

	strncat(text, bytes, size * count < 900 - strlen(text) ? size * count : 900 - strlen(text));
	return size * count;
}

static long ask(const char *method, const char *url, char answer[1000])
{
	CURL *curl = curl_easy_init();
	long status = 0;

	answer[0] = '\0';
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	ck_assert_int_eq(curl_easy_perform(curl), CURLE_OK);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	return status;
}

bool couchdb_is_pouchdb(void)
{
	char answer[1000];

	ck_assert_int_eq(ask("GET", couchdb_url(), answer), 200);
	return strstr(answer, "express-pouchdb") != NULL;
}

/* With one shard the order of changes is that of writes. */
static void create(const char *url)
{
	char with_q[1000], answer[1000];
	long status;

	snprintf(with_q, sizeof(with_q), "%.*s?q=1", (int)strcspn(url, "?"), url);
	status = ask("PUT", with_q, answer);
	ck_assert_msg(status == 201 || status == 202, "PUT: %ld %s", status, answer);
}

void couchdb_delete_database(const char *url)
{
	char bare[1000], answer[1000];
	long status;

	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(url, "?"), url);
	status = ask("DELETE", bare, answer);
	ck_assert_msg(status == 200 || status == 202, "DELETE: %ld %s", status, answer);
}

void couchdb_new_database(char *url, size_t size, const char *parameters)
{
	const char *server = couchdb_url();

	snprintf(url, size, "%s/conformance-%016" PRIx64 "?%s", server ? server : "",
		 env_system.random(NULL), parameters ? parameters : "");
	/* With parameters the driver is to make it. */
	if (!parameters)
		create(url);
}
