// Random rights and calls, 10,000 calls of 400 callers by each protocol; `npm test` has 400.
import fc from 'fast-check';
import { callArb, rightsArb } from '../support/acs/random-rights.ts';
import { RightsTrial } from '../support/acs/rights-trial.ts';

const CALLERS = 400;
const CALLS = 25;

for (const protocol of ['REST', 'SOAP'] as const)
  describe(`random rights and calls by ${protocol}, many times`, function () {
    this.timeout(3_600_000);
    let trial: RightsTrial;
    before(async () => {
      trial = await RightsTrial.begin(protocol);
    });
    after(async () => await trial.end());

    it('show and change nothing that the rights exclude', async () => {
      const calls = fc.array(callArb, { minLength: CALLS, maxLength: CALLS });
      await fc.assert(
        fc.asyncProperty(rightsArb, calls, async (rights, made) => {
          await trial.judge(rights, made);
        }),
        { numRuns: CALLERS, seed: Number(process.env.TANDEM_SEED ?? 22), endOnFailure: true },
      );
    });
  });
