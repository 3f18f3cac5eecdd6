// TLS session tickets with OpenSSL's own client: every process on a store resumes them, until their key is replaced.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followTicketKeys } from '../../acs/app/ticket-keys.ts';
import { TicketKeys } from '../../acs/fleet/cluster/ticket-keys.ts';
import { createSecrets } from '../../acs/fleet/common/secrets.ts';
import { type ListenTls, renewServer, setTicketKey, tlsOptions } from '../../acs/south/http/tls-options.ts';
import { openSqlite } from '../../acs/store/sqlite/store.ts';
import type { Store } from '../../acs/store/store.ts';
import { seededRandom, VirtualClock } from '../../shared/clock.ts';
import { createLog } from '../../shared/log.ts';
import { createCa } from '../../shared/pki/authority.ts';
import { endPrograms, program } from '../support/processes/process.ts';
import { changeSession, hasSClient, type SClientOptions, sClient } from '../support/servers/s-client.ts';

const VERSIONS = ['-tls1_2', '-tls1_3'] as const;

describe('TLS session tickets, with openssl s_client', function () {
  this.timeout(60_000);
  let folder: string;
  before(function () {
    if (!hasSClient()) {
      this.test!.parent!.title += ' (openssl is missing)';
      this.skip();
    }
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-tickets-'));
  });
  afterEach(async () => {
    await endPrograms();
    await rm(folder, { recursive: true, force: true });
  });
  const resumes = async (port: number, version: SClientOptions['version'], file: string): Promise<boolean> =>
    (await sClient({ port, version, from: join(folder, file), to: join(folder, `next-${file}`) })).isResumed;

  describe('of two processes on one store', () => {
    const clock = new VirtualClock();
    const random = seededRandom(7);
    const tls: ListenTls = { certificates: [], minVersion: 'TLSv1.2' };
    let store: Store;
    let lines: string[];
    let closing: (() => Promise<unknown> | unknown)[];
    beforeEach(async () => {
      store = await openSqlite({ file: ':memory:', clock });
      lines = [];
      closing = [() => store.close()];
      const ca = await createCa({ name: 'CA', key: 'ec', clock, random });
      const issued = await ca.issue({ commonName: 'acs', ips: ['127.0.0.1'], usage: ['server'], key: 'ec' });
      tls.certificates = [{ cert: issued.chain, key: issued.key }];
    });
    afterEach(async () => {
      for (const close of closing.reverse()) await close();
    });

    /** Its own reading of the key, and a listener. */
    async function process(of: Store = store): Promise<{ keys: TicketKeys; port: number; server: Server }> {
      const server = createServer(tlsOptions(tls), (_request, response) => response.end());
      const port = await new Promise<number>(resolve =>
        server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
      );
      const keys = new TicketKeys({ store: of, clock, random, secrets: createSecrets(Buffer.alloc(32, 1), random) });
      const log = createLog({ clock, level: 'warn', write: line => lines.push(line) });
      const followed = await followTicketKeys({ clock, log, keys, use: key => setTicketKey(server, key) });
      closing.push(followed.close, () => new Promise(resolve => server.close(resolve)));
      return { keys, port, server };
    }

    for (const version of VERSIONS) {
      it(`resumes with the other process, and after a new certificate (${version})`, async () => {
        const [one, two] = [await process(), await process()];
        await sClient({ port: one.port, version, to: join(folder, 's') });
        assert.equal(await resumes(two.port, version, 's'), true);
        renewServer(two.server, tls.certificates, tls, await two.keys.current());
        assert.equal(await resumes(two.port, version, 's'), true);
      });

      it(`begins anew after the key was replaced, and then resumes with both (${version})`, async () => {
        const [one, two] = [await process(), await process()];
        await sClient({ port: one.port, version, to: join(folder, 's') });
        await clock.advance(86_400_000);
        assert.equal(await resumes(two.port, version, 's'), true);
        await one.keys.replaceOld();
        await clock.advance(5_000);
        assert.equal(await resumes(two.port, version, 's'), false);
        assert.equal(await resumes(one.port, version, 'next-s'), true);
        assert.equal(await resumes(two.port, version, 'next-s'), true);
      });

      it(`answers garbage in place of a ticket with a full handshake (${version})`, async () => {
        const { keys, port } = await process();
        const name = (await keys.current()).subarray(0, 16);
        for (const at of [3, 20, 60]) {
          await sClient({ port, version, to: join(folder, 's') });
          changeSession(join(folder, 's'), der => {
            const ticket = der.indexOf(name);
            assert.ok(ticket > 0, 'the ticket begins with the name of its key');
            der[ticket + at]! ^= 0xff;
          });
          assert.equal(await resumes(port, version, 's'), false, `byte ${at} of the ticket`);
        }
      });

      it(`does not resume what was agreed on with other settings (${version})`, async () => {
        const { keys, port, server } = await process();
        await sClient({ port, version, to: join(folder, 's') });
        const stricter = { ...tls, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' };
        renewServer(server, tls.certificates, stricter, await keys.current());
        assert.equal(await resumes(port, version, 's'), false);
      });
    }

    it('gives tickets for a day, and for 300 s where CPEs have certificates', async () => {
      const { keys, port, server } = await process();
      for (const version of VERSIONS) assert.equal((await sClient({ port, version })).lifetime, 86_400, version);
      const clientCa = tls.certificates[0]?.cert ?? '';
      renewServer(server, tls.certificates, { ...tls, clientCa }, await keys.current());
      for (const version of VERSIONS) assert.equal((await sClient({ port, version })).lifetime, 300, version);
    });

    it('keeps only the key in force, sealed', async () => {
      const { keys } = await process();
      const first = await keys.current();
      await keys.replaceOld();
      assert.deepEqual(await keys.current(), first, 'it is not a day old');
      await clock.advance(86_400_000);
      await keys.replaceOld();
      const stored = JSON.stringify(await store.documents('ticketKey'));
      assert.notDeepEqual(await keys.current(), first);
      for (const key of [first, await keys.current()])
        for (const form of ['base64', 'base64url', 'hex'] as const) assert.ok(!stored.includes(key.toString(form)));
    });

    it('has one key when both processes make the first at the same time', async () => {
      const [one, two] = await Promise.all([process(), process()]);
      assert.deepEqual(await one.keys.current(), await two.keys.current());
    });

    it('makes a new key in place of one that another server key sealed', async () => {
      const { keys } = await process();
      await keys.current();
      const foreign = new TicketKeys({ store, clock, random, secrets: createSecrets(Buffer.alloc(32, 2), random) });
      assert.equal((await foreign.current()).length, 48);
      assert.deepEqual(await keys.current(), await keys.current());
    });

    it('serves with a key of its own while the store is away, and takes the shared one later', async () => {
      let isAway = true;
      const document: Store['document'] = async (...words) => {
        if (isAway) throw new Error('the store is away');
        return await store.document(...words);
      };
      const one = await process();
      const two = await process({ ...store, document });
      assert.equal(lines.length, 1);
      await sClient({ port: one.port, version: '-tls1_3', to: join(folder, 's') });
      assert.equal(await resumes(two.port, '-tls1_3', 's'), false);
      isAway = false;
      await clock.advance(5_000);
      assert.equal(await resumes(two.port, '-tls1_3', 's'), true);
    });
  });

  it('resumes in the other worker, and after a restart of all', async () => {
    const place = join(folder, 'data');
    const args = [
      ...['--data', place, '--cwmp', 'https://127.0.0.1:0', '--api', 'http://127.0.0.1:0'],
      ...['--workers', '2', '--log-level', 'debug'],
    ];
    const acs = program('acs/main.ts', args);
    const portOf = async (of: typeof acs): Promise<number> => {
      const { cwmp } = (await of.ready()) as { cwmp?: string[] };
      return Number(new URL(cwmp?.[0] ?? '').port);
    };
    const port = await portOf(acs);
    const [first, second] = acs.lines.filter(({ msg }) => msg === 'worker started').map(({ pid }) => Number(pid));
    const file = (version: string): string => `s${version}`;
    const only = async (pid: number, work: () => Promise<void>): Promise<void> => {
      global.process.kill(pid, 'SIGSTOP');
      await work().finally(() => global.process.kill(pid, 'SIGCONT'));
    };
    await only(first!, async () => {
      for (const version of VERSIONS) await sClient({ port, version, to: join(folder, file(version)) });
    });
    await only(second!, async () => {
      for (const version of VERSIONS) assert.equal(await resumes(port, version, file(version)), true, version);
    });
    await acs.stop();
    const again = await portOf(program('acs/main.ts', args));
    for (const version of VERSIONS) assert.equal(await resumes(again, version, file(version)), true, version);
  });
});
