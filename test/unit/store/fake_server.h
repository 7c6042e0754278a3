/* A server that says what a test tells it to say: one step for each request. */
#ifndef TEST_STORE_FAKE_SERVER_H
#define TEST_STORE_FAKE_SERVER_H

#include "check_main.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

struct fake_step {
	const char *wanted; /* must stand in the request; NULL: anything */
	/* All bytes of it, headers too, but "@" for the length of the body; NULL: none. */
	const char *answer;
	bool close; /* ends the connection then */
};

struct fake_server {
	int listener;
	int port;
	const struct fake_step *steps;
	size_t count, done;
	char missed[2000]; /* the first request that was not as wanted */
	pthread_t thread;
};

/* The request in full: headers, and as much of a body as they say. False at the end. */
static inline bool fake_read(int fd, char *request, size_t size)
{
	size_t len = 0, wanted = 0;
	const char *body = NULL;

	while (!body || len < wanted) {
		ssize_t got = recv(fd, request + len, size - 1 - len, 0);
		const char *length;

		if (got <= 0 || len + (size_t)got == size - 1)
			return false;
		len += (size_t)got;
		request[len] = '\0';
		body = strstr(request, "\r\n\r\n");
		length = body ? strcasestr(request, "\r\ncontent-length:") : NULL;
		wanted = body ? (size_t)(body + 4 - request) : 0;
		if (length && length < body)
			wanted += strtoul(length + 17, NULL, 10);
	}
	return true;
}

static inline void fake_send(int fd, const char *answer)
{
	static const char unknown[] = "Content-Length: @";
	const char *at = strstr(answer, unknown), *body = strstr(answer, "\r\n\r\n");
	char length[32];

	if (at) {
		at += strlen(unknown) - 1;
		send(fd, answer, (size_t)(at - answer), MSG_NOSIGNAL);
		snprintf(length, sizeof(length), "%zu", strlen(body + 4));
		send(fd, length, strlen(length), MSG_NOSIGNAL);
		answer = at + 1;
	}
	send(fd, answer, strlen(answer), MSG_NOSIGNAL);
}

static inline void *fake_serve(void *ctx)
{
	struct fake_server *fake = ctx;
	static const size_t size = 1 << 20;
	char *request = malloc(size);

	while (fake->done < fake->count) {
		int fd = accept(fake->listener, NULL, NULL);
		bool open = fd >= 0;

		if (fd < 0)
			break;
		while (open && fake->done < fake->count && fake_read(fd, request, size)) {
			const struct fake_step *step = &fake->steps[fake->done++];

			if (step->wanted && !strstr(request, step->wanted) && !fake->missed[0])
				snprintf(fake->missed, sizeof(fake->missed), "\"%s\" in %.1800s",
					 step->wanted, request);
			if (step->answer)
				fake_send(fd, step->answer);
			/* Silence lasts until the other side has had enough of it. */
			else if (!step->close)
				recv(fd, request, 1, 0);
			open = !step->close && step->answer;
		}
		close(fd);
	}
	free(request);
	return NULL;
}

static inline void fake_start(struct fake_server *fake, const struct fake_step *steps, size_t count)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);

	*fake = (struct fake_server){.steps = steps, .count = count};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fake->listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fake->listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(fake->listener, 8), 0);
	ck_assert_int_eq(getsockname(fake->listener, (struct sockaddr *)&address, &len), 0);
	fake->port = ntohs(address.sin_port);
	ck_assert_int_eq(pthread_create(&fake->thread, NULL, fake_serve, fake), 0);
}

/* All steps must have been taken, each by a request as wanted. */
static inline void fake_end(struct fake_server *fake)
{
	shutdown(fake->listener, SHUT_RDWR);
	pthread_join(fake->thread, NULL);
	close(fake->listener);
	ck_assert_msg(!fake->missed[0], "missed %s", fake->missed);
	ck_assert_uint_eq(fake->done, fake->count);
}

#endif
