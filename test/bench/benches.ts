// All benches by name, in the sequence of the table.

import type { Bench } from './measure.ts';
import { call } from './measures/call.ts';
import { digest } from './measures/digest.ts';
import { dryrun } from './measures/dry-run.ts';
import { gateways } from './measures/gateways.ts';
import { growth } from './measures/growth.ts';
import { latency } from './measures/latency.ts';
import { operations } from './measures/operations.ts';
import { search } from './measures/search.ts';
import { inform, read, set, settled } from './measures/sessions.ts';
import { storm } from './measures/storm.ts';
import { tls12, tls13 } from './measures/tls.ts';

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
