// Inform-only sessions over TLS as gateways speak it, each on a connection of its own: full handshake, and a resumed session.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import type { Goal, Row } from '../figures.ts';
import type { TlsSettings } from '../load/connection.ts';
import { answersOf, informTemplate, workOf } from '../load/envelopes.ts';
import type { LoadRequest } from '../load/requests.ts';
import { type Bench, compare, loaded, type Setting } from '../measure.ts';
import type { Server } from '../servers/servers.ts';

interface Case {
  name: string;
  tls: Omit<TlsSettings, 'resume'>;
  goal: Goal;
}

/** The suite is one of the DGW's CS3 set; the certificate that fits it is RSA-2048. */
const v12: Case = {
  name: 'TLS 1.2, RSA-2048, ECDHE-RSA-AES256-GCM-SHA384 (CS3)',
  tls: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' },
  goal: { limit: 1.3, of: 'ratio' },
};
const v13: Case = {
  name: 'TLS 1.3, ECDSA P-256',
  tls: { maxVersion: 'TLSv1.3' },
  goal: { limit: 1.5, of: 'ours' },
};

async function certificatePairs(
  folder: string,
): Promise<{ cert: string; key: string; chain: string; secret: string }[]> {
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

async function measure(given: Setting, { name, tls, goal }: Case): Promise<Row[]> {
  const setting = { ...given, sessions: Math.ceil(given.sessions / 2) };
  const { servers, devices, sessions } = setting;
  const pairs = await certificatePairs(servers.folder);
  const baseline = await servers.baseline({
    devices,
    tls: { cert: pairs.map(({ chain }) => chain), key: pairs.map(({ secret }) => secret) },
  });
  const files = pairs.flatMap(({ cert, key }) => ['--cert', cert, '--key', key]);
  const ours = await servers.acs({ devices }, ['--cwmp', 'https://127.0.0.1:0', '--cpe-auth', 'none', ...files]);
  const request = (server: Server, resume: boolean): LoadRequest & { kind: 'closed' } => ({
    kind: 'closed',
    sessions,
    concurrency: 16,
    devices: { count: Math.min(devices, sessions), stored: devices },
    settings: {
      port: server.port,
      path: '/',
      tls: { ...tls, resume },
      inform: informTemplate(),
      answers: answersOf(),
    },
  });
  const rows: Row[] = [];
  for (const resume of [false, true]) {
    // The first connections of a kind bring the TLS session that the others resume.
    for (const server of [baseline, ours])
      await loaded(servers, { ...request(server, resume), sessions: resume ? 20 : 2 * sessions });
    rows.push(
      await compare(setting, {
        name: `Inform-only session, ${name}, ${resume ? 'resumed' : 'new'}`,
        ours: { server: ours, request: request(ours, resume) },
        baseline: { server: baseline, request: request(baseline, resume) },
        goal,
        work: workOf(request(ours, resume).settings),
        note: resume ? 'every connection was resumed' : 'no connection was resumed',
        check: report => {
          if (report.resumed !== (resume ? report.sessions : 0))
            throw new Error(`${report.resumed} of ${report.sessions} TLS sessions were resumed`);
        },
      }),
    );
  }
  await baseline.stop();
  await ours.stop();
  return rows;
}

export const tls12: Bench = {
  about: 'TLS 1.2 with RSA-2048 and a CS3 suite, new and resumed',
  run: given => measure(given, v12),
};
export const tls13: Bench = { about: 'TLS 1.3 with ECDSA, new and resumed', run: given => measure(given, v13) };
