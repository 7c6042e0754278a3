/* A list of places: those that wait, and between them what was printed since. */
#include "cli/order.h"

struct order_place {
	struct order_place *next;
	bool open; /* its document waits */
	struct cf_buf text;
};

void order_init(struct order *order, struct cli *cli)
{
	*order = (struct order){.cli = cli};
}

static void drop_first(struct order *order)
{
	struct order_place *place = order->first;

	order->first = place->next;
	if (!order->first)
		order->last = NULL;
	order->bytes -= sizeof(*place) + place->text.len;
	buf_fini(&place->text);
	mem_free(order->cli->mem, place);
}

void order_fini(struct order *order)
{
	while (order->first)
		drop_first(order);
}

static struct order_place *add(struct order *order, bool open)
{
	struct order_place *place = mem_calloc(order->cli->mem, 1, sizeof(*place));

	if (!place)
		return NULL;
	place->open = open;
	buf_init(&place->text, order->cli->mem);
	if (order->last)
		order->last->next = place;
	else
		order->first = place;
	order->last = place;
	order->bytes += sizeof(*place);
	return place;
}

static int write_out(struct order *order, struct order_place *place, struct cf_error *error)
{
	int code = place->text.len ? cli_out_bytes(order->cli, buf_view(&place->text)) : 0;

	order->bytes -= place->text.len;
	buf_fini(&place->text);
	buf_init(&place->text, order->cli->mem);
	return code ? cli_out_error(order->cli, error) : 0;
}

/* What stands before all that waits. */
static int flush(struct order *order, struct cf_error *error)
{
	int rc = 0;

	while (rc == 0 && order->first && !order->first->open) {
		rc = write_out(order, order->first, error);
		drop_first(order);
	}
	if (!order->first)
		order->given_up = false;
	return rc;
}

/* Prints all that is held, past those that wait. */
static int give_up(struct order *order, struct cf_error *error)
{
	int rc = 0;

	order->given_up = true;
	if (!order->told)
		cli_say(order->cli,
			"more than %zu MiB follow a document that waits: it will come out late",
			ORDER_BYTES_MAX >> 20);
	order->told = true;
	for (struct order_place *place = order->first; place && rc == 0; place = place->next)
		rc = write_out(order, place, error);
	return rc;
}

int order_print(struct order *order, struct cf_str line, struct cf_error *error)
{
	struct order_place *place = order->current ? order->current : order->last;

	if (!place || order->given_up)
		return cli_out_line(order->cli, line) ? cli_out_error(order->cli, error) : 0;
	if (!order->current && place->open)
		place = add(order, false);
	if (!place || buf_str(&place->text, line) || buf_byte(&place->text, '\n'))
		return error_nomem(error);
	order->bytes += line.len + 1;
	return order->bytes > ORDER_BYTES_MAX ? give_up(order, error) : 0;
}

int order_wait(struct order *order, struct order_place **ret, struct cf_error *error)
{
	*ret = order->current ? order->current : add(order, true);
	return *ret ? 0 : error_nomem(error);
}

void order_enter(struct order *order, struct order_place *place)
{
	order->current = place;
}

int order_leave(struct order *order, bool done, struct cf_error *error)
{
	if (done)
		order->current->open = false;
	order->current = NULL;
	return flush(order, error);
}

int order_finish(struct order *order, struct cf_error *error)
{
	for (struct order_place *place = order->first; place; place = place->next)
		place->open = false;
	return flush(order, error);
}
