// A fax machine by libspandsp over T.38 and UDPTL:
//   fax-peer send|receive LOCALADDRESS LOCALPORT REMOTEADDRESS REMOTEPORT FOLDER
// The page is FOLDER/page.raw: rows of 216 bytes, the highest bit leftmost, 1 is black. It goes through TIFF, as spandsp has it.
// Prints "READY" once the port is open, and "RESULT code pages rate text" at the end; the code 0 is success.
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tiffio.h>
#include <spandsp.h>
#include <spandsp/t38_core.h>
#include <spandsp/t38_terminal.h>

#define ROW 216
#define SECONDARIES 3

static int descriptor;
static struct sockaddr_in remote_address;
static struct { uint8_t bytes[512]; int length; } earlier[SECONDARIES];
static int sequence, finished, result_code = -1;

static int put_packet(uint8_t *to, const uint8_t *packet, int length) {
  int at = 0;
  if (length >= 128) to[at++] = 0x80 | (length >> 8);
  to[at++] = length & 0xff;
  memcpy(to + at, packet, length);
  return at + length;
}

static int send_packet(t38_core_state_t *core, void *user, const uint8_t *packet, int length, int count) {
  uint8_t datagram[4096];
  int at = 0, i, known = sequence < SECONDARIES ? sequence : SECONDARIES;
  (void)core, (void)user;
  datagram[at++] = sequence >> 8;
  datagram[at++] = sequence & 0xff;
  at += put_packet(datagram + at, packet, length);
  datagram[at++] = 0;
  datagram[at++] = known;
  for (i = 0; i < known; i++) at += put_packet(datagram + at, earlier[i].bytes, earlier[i].length);
  for (i = 0; i < count; i++)
    sendto(descriptor, datagram, at, 0, (struct sockaddr *)&remote_address, sizeof remote_address);
  memmove(&earlier[1], &earlier[0], sizeof earlier[0] * (SECONDARIES - 1));
  memcpy(earlier[0].bytes, packet, length);
  earlier[0].length = length;
  sequence = (sequence + 1) & 0xffff;
  return 0;
}

static void take_datagram(t38_core_state_t *core, const uint8_t *datagram, int length) {
  static int next;
  const uint8_t *packets[1 + 16];
  int lengths[1 + 16], number, count, i, at = 2, found = 0;
  number = (datagram[0] << 8) | datagram[1];
  for (i = 0, count = 1; i < count && at < length && found < 17; i++) {
    int size = datagram[at++];
    if (size & 0x80) size = ((size & 0x3f) << 8) | datagram[at++];
    packets[found] = datagram + at;
    lengths[found++] = size;
    at += size;
    if (i == 0 && at + 1 < length && datagram[at] == 0) {
      count += datagram[at + 1];
      at += 2;
    }
  }
  for (i = found - 1; i >= 0; i--) {
    if (number - i < next) continue;
    t38_core_rx_ifp_packet(core, packets[i], lengths[i], number - i);
    next = number - i + 1;
  }
}

static void ended(t30_state_t *t30, void *user, int code) {
  t30_stats_t stats;
  (void)user;
  t30_get_transfer_statistics(t30, &stats);
  printf("RESULT %d %d %d %s\n", code, stats.pages_tx + stats.pages_rx, stats.bit_rate, t30_completion_code_to_str(code));
  fflush(stdout);
  result_code = code;
  finished = 1;
}

static void write_tiff(const char *raw, const char *name) {
  uint8_t row[ROW];
  FILE *in = fopen(raw, "rb");
  TIFF *tiff = TIFFOpen(name, "w");
  uint32_t y = 0;
  if (!in || !tiff) exit(2);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 8 * ROW);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_CCITT_T4);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
  TIFFSetField(tiff, TIFFTAG_FILLORDER, FILLORDER_LSB2MSB);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 4000);
  TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
  TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 204.0);
  TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 98.0);
  while (fread(row, 1, ROW, in) == ROW) TIFFWriteScanline(tiff, row, y++, 0);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, y);
  TIFFClose(tiff);
  fclose(in);
}

static void read_tiff(const char *name, const char *raw) {
  uint8_t row[ROW];
  TIFF *tiff = TIFFOpen(name, "r");
  FILE *out = fopen(raw, "wb");
  uint32_t height = 0, width = 0, y;
  uint16_t photometric = PHOTOMETRIC_MINISWHITE;
  int i;
  if (!tiff || !out) return;
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  for (y = 0; width == 8 * ROW && y < height; y++) {
    TIFFReadScanline(tiff, row, y, 0);
    for (i = 0; photometric == PHOTOMETRIC_MINISBLACK && i < ROW; i++) row[i] ^= 0xff;
    fwrite(row, 1, ROW, out);
  }
  fclose(out);
  TIFFClose(tiff);
}

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

int main(int argc, char **argv) {
  struct sockaddr_in local_address = {0};
  char raw[512], tiff[512];
  t38_terminal_state_t *terminal;
  t38_core_state_t *core;
  t30_state_t *t30;
  long begun, done = 0;
  if (argc != 7) return 2;
  int sending = strcmp(argv[1], "send") == 0;
  snprintf(raw, sizeof raw, "%s/page.raw", argv[6]);
  snprintf(tiff, sizeof tiff, "%s/page.tif", argv[6]);
  descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  local_address.sin_family = remote_address.sin_family = AF_INET;
  local_address.sin_port = htons(atoi(argv[3]));
  remote_address.sin_port = htons(atoi(argv[5]));
  inet_pton(AF_INET, argv[2], &local_address.sin_addr);
  inet_pton(AF_INET, argv[4], &remote_address.sin_addr);
  if (bind(descriptor, (struct sockaddr *)&local_address, sizeof local_address) != 0) return 3;
  if (sending) write_tiff(raw, tiff);
  // A sender calls, a receiver is called.
  terminal = t38_terminal_init(NULL, sending, send_packet, NULL);
  core = t38_terminal_get_t38_core_state(terminal);
  t30 = t38_terminal_get_t30_state(terminal);
  t38_set_t38_version(core, 0);
  t30_set_supported_modems(t30, T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17);
  t30_set_ecm_capability(t30, 0);
  t30_set_supported_compressions(t30, T30_SUPPORT_T4_1D_COMPRESSION);
  t30_set_phase_e_handler(t30, ended, NULL);
  if (sending) t30_set_tx_file(t30, tiff, -1, -1);
  else t30_set_rx_file(t30, tiff, -1);
  printf("READY\n");
  fflush(stdout);
  begun = milliseconds();
  while (!finished && milliseconds() - begun < 60000) {
    struct pollfd wait = {descriptor, POLLIN, 0};
    if (poll(&wait, 1, 5) > 0) {
      uint8_t datagram[4096];
      int length = recv(descriptor, datagram, sizeof datagram, 0);
      if (length > 4) take_datagram(core, datagram, length);
    }
    long passed = milliseconds() - begun - done;
    if (passed > 0) t38_terminal_send_timeout(terminal, 8 * passed);
    done += passed;
  }
  t38_terminal_release(terminal);
  if (!sending) read_tiff(tiff, raw);
  return result_code == 0 ? 0 : 1;
}
