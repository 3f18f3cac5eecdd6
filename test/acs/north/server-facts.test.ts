// The operation by which a server tells how CPEs reach it.
import assert from 'node:assert/strict';
import { openWorld } from '../../support/worlds/world.ts';

describe('GET /server', () => {
  it('tells the bound addresses, the login and the certificate, also after a renewal', async () => {
    const world = await openWorld();
    try {
      const read = async (): Promise<Record<string, unknown>> => {
        const answer = await fetch(`${world.acs.api}/api/v1/server`, {
          headers: { authorization: 'Bearer test-token' },
        });
        assert.equal(answer.status, 200);
        return (await answer.json()) as Record<string, unknown>;
      };
      const facts = await read();
      assert.deepEqual(facts.cwmp, world.acs.cwmp);
      assert.deepEqual(
        [facts.cpeAuth, facts.enrol, facts.enrolmentUser, facts.workers],
        ['required', 'auto', 'enrol', false],
      );
      const [shown] = facts.certificates as { subject: string; issuer: string; names: string[]; sha256: string }[];
      assert.deepEqual(
        [shown?.subject, shown?.issuer, shown?.names],
        ['CN=127.0.0.1', 'CN=Test CA', ['localhost', '127.0.0.1']],
      );
      const other = await world.ca.issue({
        commonName: 'acs.example.net',
        dns: ['acs.example.net'],
        usage: ['server'],
        key: 'rsa',
      });
      world.acs.renewCertificates([{ cert: other.chain, key: other.key }]);
      const [renewed] = (await read()).certificates as { names: string[] }[];
      assert.deepEqual(renewed?.names, ['acs.example.net']);
    } finally {
      await world.close();
    }
  });
});
