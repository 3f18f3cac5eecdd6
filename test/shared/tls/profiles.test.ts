// TLS profiles of the services, and the forecast of a handshake with a server's offer.
import assert from 'node:assert/strict';
import { judgeVersion, type Verdict } from '../../../shared/tls/judge.ts';
import { judgeOffer } from '../../../shared/tls/offer.ts';
import { policyFor, services, suiteLists, suites, type TlsService } from '../../../shared/tls/profiles.ts';

const reasonOf = (verdict: Verdict): string => (verdict.ok ? 'ok' : verdict.reason);

describe('TLS judge', () => {
  describe('offers', () => {
    const policy = (service: TlsService, values: Record<string, string>) => policyFor(service, name => values[name]);
    const strong = {
      versions: ['TLSv1_2', 'TLSv1_3'],
      suites: ['TLS_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
      keys: ['RSA', 'EC'],
    } as const;

    it('judges a version against the floor', () => {
      assert.equal(reasonOf(judgeVersion({ floor: 'TLSv1_1' }, 'TLSv1')), 'below-floor');
      assert.equal(reasonOf(judgeVersion({ floor: 'SSLv3' }, 'TLSv1')), 'ok');
    });

    it('meets a server of ECDHE and GCM only with CS3, not with the defaults', () => {
      assert.equal(reasonOf(judgeOffer(policy('Cwmp', {}), strong) as Verdict), 'no-common-suite');
      assert.deepEqual(judgeOffer(policy('Cwmp', { 'Cwmp.TransportHttpsCipherSuite': 'CS3' }), strong), {
        ok: true,
        version: 'TLSv1_2',
        suite: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      });
    });

    it('meets no server with an EC key only, but for static ECDH', () => {
      for (const set of ['CS1', 'CS2', 'CS3'] as const) {
        const verdict = judgeOffer(policy('Cwmp', { 'Cwmp.TransportHttpsCipherSuite': set }), {
          versions: ['TLSv1_2'],
          suites: Object.keys(suites).filter(name => suites[name]?.exchange !== 'ECDH'),
          keys: ['EC'],
        });
        assert.equal(reasonOf(verdict as Verdict), 'no-common-suite');
      }
    });

    it('meets no server below TLS 1.2 with CS3, and none below the floor', () => {
      const old = { versions: ['TLSv1', 'TLSv1_1'], suites: Object.keys(suites), keys: ['RSA'] } as const;
      assert.equal(
        reasonOf(judgeOffer(policy('Cwmp', { 'Cwmp.TransportHttpsCipherSuite': 'CS3' }), old) as Verdict),
        'no-common-suite',
      );
      assert.equal(
        reasonOf(judgeOffer(policy('Cwmp', { 'Cwmp.TransportHttpsTlsVersion': 'TLSv1_2' }), old) as Verdict),
        'below-floor',
      );
      assert.equal(reasonOf(judgeOffer(policy('Cwmp', {}), { ...old, versions: ['TLSv1_3'] }) as Verdict), 'version');
    });
  });

  describe('profiles', () => {
    it('names only known suites in every list, once each', () => {
      for (const lists of Object.values(suiteLists)) {
        for (const list of Object.values(lists)) {
          assert.equal(new Set(list).size, list.length);
          assert.ok(list.every(name => suites[name]));
        }
      }
      assert.deepEqual(
        [
          suiteLists.https.CS1.length,
          suiteLists.sip.CS1.length,
          suiteLists.https.CS2.length,
          suiteLists.sip.CS3.length,
        ],
        [11, 4, 6, 16],
      );
      assert.ok(suiteLists.https.CS3.every(name => suites[name]?.from === 'TLSv1_2'));
    });

    for (const service of Object.keys(services) as TlsService[]) {
      it(`${service}: vendor defaults, then its own variables, case of labels aside`, () => {
        const { validation, suite, version, lists, levels } = services[service];
        const defaults = policy(service, {});
        assert.deepEqual(
          [defaults.validation, defaults.floor, defaults.suites],
          ['HostName', 'TLSv1', suiteLists[lists].CS1],
        );
        const values = { [suite]: 'cs3', [version]: 'TLSv1_2', ...(validation && { [validation]: 'NoValidation' }) };
        const set = policy(service, values);
        assert.deepEqual(
          [set.validation, set.floor, set.suites],
          [validation ? 'NoValidation' : 'HostName', 'TLSv1_2', suiteLists[lists].CS3],
        );
        assert.equal(policy(service, { [suite]: '', [version]: 'TLSv9' }).floor, 'TLSv1');
        assert.equal(levels.includes('DnsSrvResponse'), service === 'SipEp');
      });
    }

    const policy = (service: TlsService, values: Record<string, string>) => policyFor(service, name => values[name]);
  });
});
