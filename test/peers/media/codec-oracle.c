// Codes audio with libspandsp: codec-oracle encode|decode g722|g726-16|g726-24|g726-32|g726-40. Standard input is 16-bit
// linear samples in the machine's order, or the codec's bytes; standard output is the other.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <spandsp.h>

#define MOST (1 << 20)

static uint8_t bytes[2 * MOST];
static int16_t samples[8 * MOST];

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int encoding = strcmp(argv[1], "encode") == 0;
  int wide = strcmp(argv[2], "g722") == 0;
  int rate = wide ? 64000 : 1000 * atoi(argv[2] + 5);
  int length;
  if (encoding) {
    length = fread(samples, 2, MOST, stdin);
    length = wide ? g722_encode(g722_encode_init(NULL, rate, 0), bytes, samples, length)
                  : g726_encode(g726_init(NULL, rate, G726_ENCODING_LINEAR, G726_PACKING_RIGHT), bytes, samples, length);
    fwrite(bytes, 1, length, stdout);
  } else {
    length = fread(bytes, 1, MOST, stdin);
    length = wide ? g722_decode(g722_decode_init(NULL, rate, 0), samples, bytes, length)
                  : g726_decode(g726_init(NULL, rate, G726_ENCODING_LINEAR, G726_PACKING_RIGHT), samples, bytes, length);
    fwrite(samples, 2, length, stdout);
  }
  return 0;
}
