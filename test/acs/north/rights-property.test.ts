// Property: whatever the rights, the devices and the call, nothing that the rights exclude is shown or changed.
import fc from 'fast-check';
import { callArb, rightsArb } from '../../support/acs/random-rights.ts';
import { RightsTrial } from '../../support/acs/rights-trial.ts';

/** Calls of each caller; 10,000 calls are in test/long. */
const CALLS = 25;

for (const protocol of ['REST', 'SOAP'] as const)
  describe(`random rights and calls by ${protocol}`, () => {
    let trial: RightsTrial;
    before(async () => {
      trial = await RightsTrial.begin(protocol);
    });
    after(async () => await trial.end());

    it('show and change nothing that the rights exclude', async function () {
      this.timeout(120_000);
      const calls = fc.array(callArb, { minLength: CALLS, maxLength: CALLS });
      await fc.assert(
        fc.asyncProperty(rightsArb, calls, async (rights, made) => {
          await trial.judge(rights, made);
        }),
        { numRuns: 16, seed: Number(process.env.TANDEM_SEED ?? 21), endOnFailure: true },
      );
    });
  });
