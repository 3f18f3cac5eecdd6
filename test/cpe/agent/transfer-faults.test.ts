// File transfers that are refused or fail: the fault of the answer, and that of TransferComplete.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { seededRandom, systemClock } from '../../../shared/clock.ts';
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import { Verifier } from '../../../shared/net/verifier.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import { type Answer, type Heard, type Step, scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { download, file, firmware, IMAGE, outlast, TransferWorld } from '../../support/cpe/transfer-world.ts';

describe('file transfers (TR-069 A.3.2.8, 3.4.3)', () => {
  let on: TransferWorld;
  beforeEach(async () => {
    on = await TransferWorld.open();
  });
  afterEach(() => on.close());

  describe('immediate refusal', () => {
    const refusals: [string, Partial<Arguments<'Download'>>, number][] = [
      ['an unknown file type', { FileType: '9 Nonsense', URL: 'http://a/' }, 9003],
      ['a type this unit has no use for', { FileType: '4 Tone File', URL: 'http://a/' }, 9003],
      ['a URL that is none', { URL: 'file' }, 9003],
      ['another scheme', { URL: 'tftp://a/b' }, 9013],
      ['another scheme, too', { URL: 'FTP://a/b' }, 9013],
      ['a login in the URL', { URL: 'http://u:p@a/b' }, 9003],
      ['a URL without a host', { URL: 'http://' }, 9003],
    ];
    for (const [what, args, code] of refusals) {
      it(`refuses ${what} with ${code}, and reports nothing later`, async () => {
        await on.start([download(args)]);
        assert.equal(on.acs.names()[2], `Fault ${code}`);
        assert.deepEqual(on.unit.device.state.facts.transfers, []);
      });
    }

    it('refuses the seventeenth transfer with 9004', async () => {
      const steps = Array.from({ length: 17 }, () => download({ URL: on.files.url, DelaySeconds: 1000 }));
      await on.start(steps);
      assert.deepEqual(on.acs.names().slice(-2), ['DownloadResponse', 'Fault 9004']);
      assert.equal(on.unit.device.state.facts.transfers.length, 16);
    });
  });

  describe('faults of TransferComplete', () => {
    const verifier = new Verifier({
      realm: 'files',
      clock: systemClock(),
      random: seededRandom(4),
      key: Buffer.alloc(32, 2),
    });
    const cases: [string, Step, Partial<Arguments<'Download'>>, number][] = [
      ['404', { status: 404 }, {}, 9016],
      ['403', { status: 403 }, {}, 9016],
      ['500', { status: 500, text: 'x' }, {}, 9010],
      ['204', { status: 204 }, {}, 9010],
      ['401 without a challenge', { status: 401 }, {}, 9012],
      ['a cut before the answer', { cut: true }, {}, 9017],
      ['a cut in the middle', { ...file('x'.repeat(5000)), cut: 2500 }, {}, 9017],
      ['fewer bytes than FileSize', file('short'), { FileSize: 100 }, 9017],
      ['more bytes than FileSize', file('long'), { FileSize: 2 }, 9018],
      ['an endless redirect', heard => ({ status: 302, headers: { Location: heard.url } }), {}, 9010],
      ['an image that is none', file('hello'), { FileType: IMAGE }, 9018],
      ['a truncated image', file(firmware().subarray(0, -3)), { FileType: IMAGE }, 9018],
      [
        'an altered image',
        file(Buffer.from(firmware().map((byte, at) => (at === 60 ? byte ^ 1 : byte)))),
        { FileType: IMAGE },
        9018,
      ],
      ['an image for another product', file(firmware('49.0.1', 'TA7102i')), { FileType: IMAGE }, 9018],
      ['a script with a syntax error', file('Cwmp.PeriodicInformInterval=7\n=?\n'), {}, 9018],
      ['a script with a line that fails', file('Cwmp.NoSuchThing=7\n'), {}, 9010],
    ];
    for (const [what, step, args, code] of cases) {
      it(`reports ${code} for ${what}, and leaves the unit unchanged`, async () => {
        on.files.always(step);
        await on.start([download({ URL: on.files.url, ...args })]);
        if (/^a cut/.test(what)) await outlast(on);
        const complete = await on.done();
        assert.equal(complete?.FaultStruct.FaultCode, code, complete?.FaultStruct.FaultString);
        assert.deepEqual(on.events(2), ['7 TRANSFER COMPLETE', 'M Download key']);
        assert.equal(on.unit.device.softwareVersion, '48.5.2718');
        assert.equal(on.unit.device.config.variable('Cwmp.PeriodicInformInterval'), '3600');
        assert.equal(complete?.CompleteTime, '0001-01-01T00:00:00Z');
      });
    }

    it('D10: installs a file that comes compressed without being asked for so', async () => {
      for (const [coding, pack] of [
        ['gzip', gzipSync],
        ['deflate', deflateSync],
      ] as const) {
        const text = pack(Buffer.from('Cwmp.PeriodicInformInterval=77\n'));
        on.files.always({ headers: { 'Content-Encoding': coding }, text });
        await on.start([download({ URL: on.files.url })]);
        assert.equal((await on.done())?.FaultStruct.FaultCode, 0, coding);
        assert.equal(on.unit.device.config.variable('Cwmp.PeriodicInformInterval'), '77');
        assert.equal(on.files.heard.at(-1)?.headers['accept-encoding'], undefined);
        await on.close();
        on = await TransferWorld.open();
      }
    });

    it('reports 9015 for an unreachable server and for an unknown name', async () => {
      const gone = createServer();
      const port = await new Promise<number>(resolve => {
        gone.listen(0, '127.0.0.1', () => resolve((gone.address() as { port: number }).port));
      });
      await new Promise(resolve => gone.close(resolve));
      await on.start([
        download({ URL: `http://127.0.0.1:${port}/` }),
        download({ URL: 'http://no-such-host.invalid/', CommandKey: 'b' }),
      ]);
      await outlast(on);
      await on.done(2);
      assert.deepEqual(
        on.completes().map(({ FaultStruct }) => FaultStruct.FaultCode),
        [9015, 9015],
      );
    });

    it('reports 9017 for a server that stops answering', async () => {
      on.files.always({ silent: true });
      await on.start([download({ URL: on.files.url })]);
      await outlast(on, 120_000);
      assert.equal((await on.done())?.FaultStruct.FaultCode, 9017);
    });

    const login = async (heard: Heard): Promise<Answer> => {
      const verdict = await verifier.verify({
        header: heard.headers.authorization,
        method: heard.method,
        uri: heard.url,
        passwords: user => (user === 'u' ? ['p'] : undefined),
      });
      if (verdict.ok) return file('Cwmp.PeriodicInformInterval=1234\n');
      return { status: 401, headers: { 'WWW-Authenticate': verifier.challenge() } };
    };

    it('authenticates by digest, and reports 9012 for a wrong login', async () => {
      on.files.always(login);
      await on.start([
        download({ URL: on.files.url, Username: 'u', Password: 'p' }),
        download({ URL: on.files.url, Username: 'u', Password: 'x', CommandKey: 'b' }),
      ]);
      await on.done(2);
      assert.deepEqual(
        on.completes().map(({ FaultStruct }) => FaultStruct.FaultCode),
        [0, 9012],
      );
    });

    it('uses the TLS settings of the file’s service: 9015 without CA, success with NoValidation', async () => {
      const environment = { clock: systemClock(), random: seededRandom(6) };
      const ca = await createCa({ name: 'Files', key: 'rsa', ...environment });
      const { chain, key } = await ca.issue({ commonName: 'f', ips: ['127.0.0.1'], usage: ['server'], key: 'rsa' });
      const secure = await scriptedAcs({ tls: { cert: chain, key }, path: '/file' });
      secure.always(file('Cwmp.PeriodicInformInterval=1234\n'));
      const parameters = { 'Conf.ScriptsTransferCertificateValidation': 'NoValidation' };
      await on.start([download({ URL: secure.url }), download({ URL: secure.url, FileType: IMAGE, CommandKey: 'b' })], {
        parameters,
      });
      await on.done(2);
      assert.deepEqual(
        on.completes().map(({ FaultStruct }) => FaultStruct.FaultCode),
        [0, 9015],
      );
      assert.equal(secure.heard.length, 1);
      await secure.close();
    });
  });
});
