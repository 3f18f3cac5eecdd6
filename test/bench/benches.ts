// All benches by name, in the sequence of the table.

import type { Bench } from './measure.ts';
import { call } from './measures/call.ts';
import { digest } from './measures/digest.ts';
import { dryrun } from './measures/dry-run.ts';
import { gateways } from './measures/gateways.ts';
import { growth } from './measures/growth.ts';
import { jobs } from './measures/jobs.ts';
import { latency } from './measures/latency.ts';
import { media } from './measures/media.ts';
import { mongo } from './measures/mongo.ts';
import { operations } from './measures/operations.ts';
import { ui } from './measures/pages/ui.ts';
import { pbx } from './measures/pbx/pbx.ts';
import { lists } from './measures/search/lists.ts';
import { search } from './measures/search/search.ts';
import { inform, settled } from './measures/sessions.ts';
import { storm } from './measures/storm.ts';
import { read, set } from './measures/tasks.ts';
import { tls12, tls13 } from './measures/tls.ts';
import { underLoad } from './measures/under-load.ts';
import { waterfall } from './measures/waterfall.ts';

export const benches: Readonly<Record<string, Bench>> = {
  inform,
  digest,
  settled,
  set,
  read,
  tls12,
  tls13,
  waterfall,
  operations,
  latency,
  call,
  growth,
  search,
  lists,
  'dry-run': dryrun,
  jobs,
  storm,
  'under-load': underLoad,
  mongo,
  gateways,
  media,
  ui,
  pbx,
};
