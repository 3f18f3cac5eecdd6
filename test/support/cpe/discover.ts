// Runs one discovery and prints the lease as JSON: `tsx discover.ts MAC (interface NAME | server HOST PORT) [TIMEOUT-MS]`, inside a namespace.
import { discover } from '../../../cpe/agent/dhcp/discovery.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';

const [mac = '', kind, ...rest] = process.argv.slice(2);
const where =
  kind === 'interface' ? { interface: rest[0] ?? '' } : { server: { host: rest[0] ?? '', port: Number(rest[1]) } };
const timeoutMs = Number(rest[kind === 'interface' ? 1 : 2] ?? 20_000);
const { signal } = new AbortController();
// The unit names itself, too: a server that knows nothing of that passes over it.
const identity = { oui: mac.slice(0, 6).toUpperCase(), serialNumber: mac, productClass: '4102S' };
const lease = await discover({
  ...where,
  mac,
  identity,
  clock: systemClock(),
  random: systemRandom(),
  signal,
  timeoutMs,
});
process.stdout.write(`${JSON.stringify(lease)}\n`);
