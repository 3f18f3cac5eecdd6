// Every bench by its name, in the order of the table.
import { call } from './call.ts';
import { digest } from './digest.ts';
import { dryrun } from './dryrun.ts';
import { gateways } from './gateways.ts';
import { growth } from './growth.ts';
import { latency } from './latency.ts';
import type { Bench } from './measure.ts';
import { operations } from './operations.ts';
import { search } from './search.ts';
import { inform, read, set, settled } from './sessions.ts';
import { storm } from './storm.ts';
import { tls12, tls13 } from './tls.ts';

export const benches: Readonly<Record<string, Bench>> = {
  inform,
  digest,
  settled,
  set,
  read,
  tls12,
  tls13,
  operations,
  latency,
  call,
  growth,
  search,
  'dry-run': dryrun,
  storm,
  gateways,
};
