// Random rights and calls, 10,000 calls of 400 callers; `npm test` has 400 calls.
import fc from 'fast-check';
import { callArb, rightsArb } from '../support/acs/random-rights.ts';
import { RightsTrial } from '../support/acs/rights-trial.ts';

const CALLERS = 400;
const CALLS = 25;

describe('random rights and calls, many times', function () {
  this.timeout(3_600_000);
  let trial: RightsTrial;
  before(async () => {
    trial = await RightsTrial.begin();
  });
  after(async () => await trial.end());

  it('show and change nothing that the rights exclude', async () => {
    await fc.assert(
      fc.asyncProperty(rightsArb, fc.array(callArb, { minLength: CALLS, maxLength: CALLS }), async (rights, calls) => {
        await trial.judge(rights, calls);
      }),
      { numRuns: CALLERS, seed: Number(process.env.TANDEM_SEED ?? 22), endOnFailure: true },
    );
  });
});
