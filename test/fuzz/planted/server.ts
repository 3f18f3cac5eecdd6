// A server with a fault on purpose: it answers lines, and ends, hangs or leaks at what mutated messages hold. The fuzz must find it.
import { createServer } from 'node:net';

const [fault] = process.argv.slice(2);
const kept: Buffer[] = [];
const HANG_MS = 1200;
/** Valid messages are shorter. */
const LONG = 5000;

/** Processor time, not only time: a machine that is busy changes nothing. */
function spin(): void {
  const before = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(before);
    if (user + system > HANG_MS * 1000) return;
  }
}

function take(bytes: Buffer): void {
  if (fault === 'end' && bytes.some(byte => byte > 0x7f)) throw new Error('a byte that is not ASCII');
  if (fault === 'hang' && bytes.length > LONG) spin();
  if (fault === 'leak') kept.push(Buffer.alloc(2 * 1024 * 1024, 1));
}

const server = createServer(socket => {
  socket.on('error', () => undefined);
  socket.on('data', bytes => {
    take(bytes);
    socket.write('ok\n');
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'ready', ...(server.address() as object) })}\n`);
});
process.once('SIGTERM', () => process.exit(0));
