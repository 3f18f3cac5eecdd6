// Runs last: the Broadband Forum's schemas judge one envelope of each shape that our encoders made in this test run.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAST } from '../support/run/hooks.ts';
import { keptEnvelopes } from '../support/run/kept-envelopes.ts';
import { peerSuite, peersFolder, run } from '../support/servers/peers.ts';

const checker = join(peersFolder, '..', 'tools', 'check-cwmp');

peerSuite(LAST, { programs: ['xmllint', 'bash'], files: [checker] }, () => {
  it('is valid by the schemas of CWMP', async function () {
    this.timeout(60_000);
    const envelopes = keptEnvelopes();
    // With TANDEM_ENVELOPES they are kept for inspection.
    const wanted = process.env.TANDEM_ENVELOPES;
    const folder = wanted ?? (await mkdtemp(join(tmpdir(), 'tandem-envelopes-')));
    try {
      await mkdir(folder, { recursive: true });
      const files = envelopes.map((_, at) => join(folder, `${String(at).padStart(4, '0')}.xml`));
      for (const [at, { xml }] of envelopes.entries()) await writeFile(files[at] ?? '', xml);
      const complaints: string[] = [];
      for (let from = 0; from < files.length; from += 500) {
        const some = files.slice(from, from + 500);
        const verdict = await run('bash', [checker, ...some], { maxBuffer: 64 << 20 }).then(
          ({ stdout }) => stdout,
          (error: { stdout?: string }) => error.stdout ?? String(error),
        );
        if (!new RegExp(`^${some.length} valid, 0 invalid$`, 'm').test(verdict))
          complaints.push(...attributed(verdict));
      }
      assert.equal(complaints.length, 0, complaints.slice(0, 100).join('\n'));
      process.stdout.write(`      ${envelopes.length} shapes of envelopes\n`);
    } finally {
      if (wanted === undefined) await rm(folder, { recursive: true, force: true });
    }
  });
});

/** The checker's complaints, with the test that each envelope is from; it renames messages of cwmp-1-3 and 1-4. */
function attributed(verdict: string): string[] {
  const envelopes = keptEnvelopes();
  return verdict
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const at = /(\d{4})\.xml/.exec(line)?.[1];
      return at === undefined ? line : `${line}\n    from '${envelopes[Number(at)]?.test}'`;
    });
}
