/* SIGINT, SIGTERM and SIGHUP. The flag is the one thing of the program that is global: a
 * signal handler is given nothing else. */
#include "cli/cli.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int caught;

static void on_signal(int number)
{
	if (atomic_exchange(&caught, number) != 0)
		_exit(128 + number);
}

void cli_signals_catch(void)
{
	struct sigaction action = {.sa_handler = on_signal}, before;

	/* Without SA_RESTART, so that a read that waits for input ends. */
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* The terminal was closed; with nohup that is no reason to end. */
	if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	/* A reader that went away is a write error, told like others. */
	signal(SIGPIPE, SIG_IGN);
	/* So is a file that may not grow: SQLite is told, and takes back what it began. */
	signal(SIGXFSZ, SIG_IGN);
}

bool cli_wait_input(int fd)
{
	struct pollfd poll = {.fd = fd, .events = POLLIN};
	sigset_t ours, before;

	/* A signal between asking and waiting would be heard only after more input. */
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigprocmask(SIG_BLOCK, &ours, &before);
	if (!cli_interrupted())
		(void)ppoll(&poll, 1, NULL, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return !cli_interrupted();
}

bool cli_interrupted(void)
{
	return atomic_load_explicit(&caught, memory_order_relaxed) != 0;
}
