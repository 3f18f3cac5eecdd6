// A process to be killed: writes numbered states to a directory as fast as it can, and prints each number once it is acknowledged.
import { openPersist } from '../../../cpe/state/persist.ts';

const directory = process.argv[2] ?? '';
const persist = await openPersist(directory);
for (let number = 1; ; number++) {
  const name = `blob${number % 3}`;
  await persist.put(name, Buffer.alloc(5000, number % 251));
  await persist.save(() => ({ number, padding: 'x'.repeat((number * 97) % 20_000) }));
  // Synchronous, so that exactly the acknowledged numbers are printed.
  process.stdout.write(`${number}\n`);
}
