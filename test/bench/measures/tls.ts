// Inform-only sessions over TLS as gateways speak it, each on a connection of its own: full handshake, and a resumed session.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import { type Closed, compare, type Sides, withSides } from '../contest.ts';
import type { Row } from '../figures.ts';
import type { TlsSettings } from '../load/connection.ts';
import { workOf } from '../load/envelopes.ts';
import { type Bench, loaded, type Setting } from '../measure.ts';
import type { Server } from '../servers/servers.ts';

interface Case {
  name: string;
  tls: Omit<TlsSettings, 'resume'>;
  /** As the connection tells it. */
  agreed: string;
  capacity: string;
}

/** The suite is one of the DGW's CS3 set; the certificate that fits it is RSA-2048. */
const v12: Case = {
  name: 'TLS 1.2, RSA-2048, ECDHE-RSA-AES256-GCM-SHA384 (CS3)',
  tls: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' },
  agreed: 'TLSv1.2 ECDHE-RSA-AES256-GCM-SHA384',
  capacity: 'rsa',
};
const v12ec: Case = {
  name: 'TLS 1.2, ECDSA P-256, ECDHE-ECDSA-AES256-GCM-SHA384',
  tls: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
  agreed: 'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384',
  capacity: 'ec12',
};
const v13: Case = {
  name: 'TLS 1.3, ECDSA P-256',
  tls: { maxVersion: 'TLSv1.3' },
  agreed: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
  capacity: 'ec',
};

interface Pair {
  /** Files. */
  cert: string;
  key: string;
  chain: string;
  secret: string;
}

async function certificatePairs(folder: string): Promise<Pair[]> {
  const environment = { clock: systemClock(), random: systemRandom() };
  const ca = await createCa({ name: 'Bench CA', key: 'rsa', ...environment });
  return await Promise.all(
    (['rsa', 'ec'] as const).map(async key => {
      const issued = await ca.issue({ commonName: '127.0.0.1', ips: ['127.0.0.1'], usage: ['server'], key });
      const [cert, keyFile] = [join(folder, `${key}.pem`), join(folder, `${key}.key`)];
      await writeFile(cert, issued.chain);
      await writeFile(keyFile, issued.key);
      return { cert, key: keyFile, chain: issued.chain, secret: issued.key };
    }),
  );
}

async function measure(given: Setting, cases: readonly Case[]): Promise<Row[]> {
  const setting = { ...given, sessions: Math.ceil(given.sessions / 2) };
  const pairs = await certificatePairs(setting.servers.folder);
  const files = pairs.flatMap(({ cert, key }) => ['--cert', cert, '--key', key]);
  const [first] = cases;
  const rows: Row[] = [];
  await withSides(
    setting,
    async sides => {
      for (const each of cases)
        for (const resume of [false, true]) rows.push(await measureCase(setting, sides, each, resume));
    },
    {
      args: ['--cwmp', 'https://127.0.0.1:0', '--cpe-auth', 'none', ...files],
      tls: { cert: pairs.map(({ chain }) => chain), key: pairs.map(({ secret }) => secret) },
      settings: first ? { tls: { ...first.tls, resume: false } } : {},
    },
  );
  return rows;
}

async function measureCase(setting: Setting, sides: Sides, about: Case, resume: boolean): Promise<Row> {
  const { name, tls, agreed, capacity } = about;
  const asked = (server: Server): Closed => {
    const plain = sides.request(server);
    const { concurrency } = plain;
    return {
      ...plain,
      concurrency: Math.min(16, concurrency),
      settings: { ...plain.settings, tls: { ...tls, resume } },
    };
  };
  // The first connections of a kind bring the TLS session that the others resume.
  for (const { ours, floor, bare } of sides.all)
    for (const server of [floor, bare, ours])
      await loaded(setting.servers, { ...asked(server), sessions: resume ? 20 : setting.sessions });
  return await compare(setting, {
    name: `Inform-only session, ${name}, ${resume ? 'resumed' : 'new'}`,
    sides: sides.all,
    ours: asked,
    floor: asked,
    work: ({ settings }) => workOf(settings),
    goal: { limit: 1.3, of: 'ratio' },
    capacity: `${capacity}-${resume ? 'resumed' : 'new'}`,
    note: resume ? 'every connection was resumed' : 'no connection was resumed',
    check: report => {
      if (report.resumed !== (resume ? report.sessions : 0))
        throw new Error(`${report.resumed} of ${report.sessions} TLS sessions were resumed`);
      if (report.agreed !== agreed) throw new Error(`${report.agreed} was agreed on, not ${agreed}`);
    },
  });
}

export const tls12: Bench = {
  about: 'TLS 1.2 with RSA-2048 and with ECDSA, suites of CS3, new and resumed',
  run: given => measure(given, [v12, v12ec]),
};
export const tls13: Bench = { about: 'TLS 1.3 with ECDSA, new and resumed', run: given => measure(given, [v13]) };
