/* A tour of Newswire in C: publish, be called, pull batches, ask a view, see errors, close.
 * `cargo test -p newswire-c --test example` compiles it against both libraries and compares what it prints. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "newswire.h"

static const int64_t SECOND = 1000000000;

/* Ends the program where a call fails that can't. */
static void must(nw_code code, nw_error *error) {
  if (code != NW_OK) {
    fprintf(stderr, "%s: %s\n", error->path.data ? error->path.data : "error", error->message.data);
    nw_error_free(error);
    exit(1);
  }
}

/* Numbers of a batch are little-endian, whatever the machine is. */
static uint64_t number(const char *bytes, int size) {
  uint64_t value = 0;
  for (int i = size - 1; i >= 0; i--) value = value << 8 | (unsigned char)bytes[i];
  return value;
}

/* Shows the items of a batch, as docs/c-abi.md lays them out; gives how many there are. */
static uint64_t show(const char *who, nw_slice batch) {
  uint64_t items = number(batch.data + 8, 4);
  const char *item = batch.data + number(batch.data + 6, 2);
  for (uint64_t i = 0; i < items; i++, item += number(item, 4)) {
    const char *first = item + 40;
    int length = (int)number(item + 32, 4);
    if (item[4] == 1) {
      const char *json = first + length;
      const char *payload = json + number(item + 24, 4);
      printf("%s: %" PRIu64 " %.*s %.*s\n", who, number(item + 8, 8), length, first,
             (int)number(item + 28, 4), payload);
    } else {
      printf("%s: %" PRIu64 " events are missing, %.*s\n", who, number(item + 24, 8), length, first);
    }
  }
  return items;
}

static int32_t seen(void *user_data, nw_slice batch) {
  *(uint64_t *)user_data += show("handler", batch);
  return 0;
}

static void released(void *user_data) {
  printf("handler let go after %" PRIu64 " items\n", *(uint64_t *)user_data);
}

int main(void) {
  nw_error error = {0};
  nw_handle bus, emitter, subscription, listener, meter;
  nw_bytes bytes = {0};
  bool wanted, quiet;

  if (nw_abi_version() != NW_ABI_VERSION) return 1;
  must(nw_bus_open(NW_TEXT("{\"name\":\"tour\"}"), &bus, &error), &error);

  /* Nobody listens yet: one bit says so, and nothing is built. */
  must(nw_bus_wants(bus, NW_TEXT("tool.call.started"), &wanted, &error), &error);
  printf("wanted: %s\n", wanted ? "yes" : "no");

  uint64_t count = 0;
  nw_handler handler = {seen, released, &count};
  must(nw_on(bus, NW_TEXT("tool.*"), NW_TEXT("{\"mode\":\"inline\"}"), handler, &listener, &error), &error);
  must(nw_subscribe(bus, NW_TEXT("deploy.*"), NW_TEXT("{\"buffer\":2}"), &subscription, &error), &error);
  must(nw_watch(bus, NW_TEXT("usage"), NW_NONE, &meter, &error), &error);
  must(nw_bus_wants(bus, NW_TEXT("tool.call.started"), &wanted, &error), &error);
  printf("wanted: %s\n", wanted ? "yes" : "no");

  /* The mask says the same, without a call. */
  const uint64_t *mask;
  uint32_t slot;
  must(nw_bus_interest(bus, &mask, &error), &error);
  must(nw_kind_slot(NW_TEXT("tool.call.started"), &slot, &error), &error);
  printf("mask: %s\n", mask[slot / 64] >> slot % 64 & 1 ? "yes" : "no");

  must(nw_emitter_open(bus, NW_TEXT("{\"scope\":{\"run\":\"r-1\"},\"source\":{\"component\":\"planner\"}}"), &emitter,
                       &error), &error);
  must(nw_emit(emitter, NW_TEXT("tool.call.started"), NW_TEXT("{\"name\":\"search\",\"call_id\":\"c-1\"}"), NULL,
               &error), &error);
  must(nw_emit(emitter, NW_TEXT("model.call.completed"),
               NW_TEXT("{\"model\":\"gpt-5\",\"usage\":{\"input_tokens\":1200,\"output_tokens\":80}}"), NULL, &error),
       &error);

  /* Three events for a queue of two: the first is told as a gap. */
  nw_published published;
  for (int i = 1; i <= 3; i++) {
    char event[64];
    int length = snprintf(event, sizeof event, "{\"kind\":\"deploy.finished\",\"payload\":%d}", i);
    nw_slice text = {event, (size_t)length};
    must(nw_publish(bus, text, &published, &error), &error);
  }
  printf("published: seq %" PRIu64 ", matched %" PRIu32 "\n", published.seq, published.matched);
  must(nw_next_batch(subscription, 256, SECOND, &bytes, &error), &error);
  show("pulled", (nw_slice){bytes.data, bytes.len});
  nw_bytes_free(&bytes);

  must(nw_snapshot(meter, &bytes, &error), &error);
  printf("usage: %s\n", strstr(bytes.data, "\"input_tokens\":1200") ? "1200 tokens in" : bytes.data);
  nw_bytes_free(&bytes);

  /* What is wrong is told with its place. */
  nw_handle filter;
  if (nw_filter_parse(NW_TEXT("tool.* and sesion=s"), &filter, &error) == NW_INVALID) {
    printf("column %" PRIu32 ": %s\n", error.column, error.message.data);
    nw_error_free(&error);
  }
  if (nw_publish(bus, NW_TEXT("{\"kind\":\"Deploy\"}"), NULL, &error) == NW_INVALID) {
    printf("%s: %s\n", error.path.data, error.message.data);
    nw_error_free(&error);
  }

  must(nw_unsubscribe(listener, 10 * SECOND, &quiet, &error), &error);
  printf("quiet: %s\n", quiet ? "yes" : "no");
  must(nw_bus_close(bus, 10 * SECOND, &bytes, &error), &error);
  printf("closed: %s\n", strstr(bytes.data, "\"complete\":true") ? "complete" : bytes.data);
  nw_bytes_free(&bytes);
  must(nw_close(subscription, &error), &error);
  must(nw_close(meter, &error), &error);
  must(nw_close(emitter, &error), &error);
  must(nw_close(bus, &error), &error);
  printf("closed twice: %s\n", nw_close(bus, NULL) == NW_BAD_HANDLE ? "a bad handle" : "?");
  return 0;
}
