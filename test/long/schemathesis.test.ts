// schemathesis calls every operation of REST with each role, with values at all limits, many random ones, and calls that follow each other.
import { judgeRoles } from '../support/processes/judged-roles.ts';

const SEED = process.env.TANDEM_SEED ?? '1';

describe('schemathesis for a long time', () => {
  judgeRoles(['--max-examples', '30', '--seed', SEED], { leastCalls: 5000, ms: 1_800_000 });
});
