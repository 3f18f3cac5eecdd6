// schemathesis calls every operation of REST with each role; more of it is in test/long.
import { judgeRoles } from '../support/processes/judged-roles.ts';

const SEED = process.env.TANDEM_SEED ?? '1';

describe('schemathesis', () => {
  judgeRoles(['--phases', 'examples,fuzzing', '--max-examples', '2', '--seed', SEED], {
    leastCalls: 300,
    ms: 180_000,
  });
});
