// The ACS under test: a process as a user starts it, with presets that make it ask, and a device that is served beside the fuzz.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DialectCpe } from '../../support/cpe/dialect-cpe.ts';
import { dialects } from '../../support/cpe/dialects.ts';
import { rawPeer } from '../../support/servers/stun.ts';
import type { Lab } from '../lab.ts';
import type { Plan } from '../plan.ts';
import { type Place, play } from '../play.ts';
import { LOGIN, learnCwmp } from '../targets/acs-cwmp.ts';
import { asBalancer, BALANCERS } from '../targets/acs-proxy.ts';
import { learnNothing, TOKEN } from '../targets/acs-rest.ts';
import { bindingRequest, STUN_LOGIN } from '../targets/acs-stun.ts';
import { type Line, WatchedProcess } from '../watched-process.ts';
import { within } from '../within.ts';

const placeOf = (url: string): Place => ({ host: '127.0.0.1', port: Number(new URL(url).port) });

export async function openAcsLab(folder: string): Promise<Lab> {
  const secret = join(folder, 'enrol');
  await writeFile(secret, `${LOGIN.user}:${LOGIN.password}\n`, { mode: 0o600 });
  const stunSecret = join(folder, 'stun');
  await writeFile(stunSecret, `${STUN_LOGIN.user}:${STUN_LOGIN.password}\n`, { mode: 0o600 });
  const addresses = ['--cwmp', 'http://127.0.0.1:0', '--cwmp', 'https://127.0.0.1:0', '--api', 'http://127.0.0.1:0'];
  const process = new WatchedProcess(
    'acs/main.ts',
    [
      '--data',
      join(folder, 'data'),
      ...addresses,
      '--enrol',
      'auto',
      '--enrol-secret',
      secret,
      ...[
        '--rebootstrap',
        'allow',
        '--stun',
        '127.0.0.1:0',
        '--stun-secret',
        stunSecret,
        '--proxy-protocol',
        BALANCERS,
      ],
    ],
    { TANDEM_ADMIN_TOKEN: TOKEN },
  );
  try {
    const lab = new AcsLab(process, await process.line('ready'));
    await lab.prepare();
    return lab;
  } catch (error) {
    await process.stop();
    throw error;
  }
}

class AcsLab implements Lab {
  readonly process: WatchedProcess;
  readonly #cwmp: string;
  readonly #secure: string;
  readonly #api: string;
  readonly #stun: Place;
  #cpe: DialectCpe;

  constructor(process: WatchedProcess, ready: Line) {
    const [cwmp = '', secure = ''] = ready.cwmp as string[];
    this.process = process;
    this.#cwmp = cwmp;
    this.#secure = secure;
    this.#api = String(ready.api);
    this.#stun = placeOf(`udp://${String(ready.stun).replace(/^.*\/\//, '')}`);
    this.#cpe = this.#newCpe({ username: LOGIN.user, password: LOGIN.password });
  }

  /** Presets make sessions longer than their Inform. */
  async prepare(): Promise<void> {
    const document = { when: 'productClass = "Fuzz"', set: { 'Device.Time.LocalTimeZone': 'UTC' } };
    await this.#put('presets/fuzz', document);
  }

  async probe(target: string): Promise<void> {
    if (target === 'acs-stun') return await bind(this.#stun);
    if (target === 'acs-rest') return await list(this.#api);
    const cpe = this.#cpe;
    // A session that is not finished must not disturb the next one.
    this.#cpe = this.#newCpe(cpe.credentials);
    await cpe.session([['2 PERIODIC']]);
    this.#cpe = cpe;
  }

  #newCpe(credentials: DialectCpe['credentials']): DialectCpe {
    const dialect = dialects.find(({ login }) => login !== undefined);
    if (!dialect) throw new Error('no dialect has a login');
    const cpe = new DialectCpe(`${this.#cwmp}/acs`, dialect, 'PROBE-1');
    cpe.credentials = credentials;
    return cpe;
  }

  async play(target: string, plan: Plan): Promise<void> {
    const isSecure = plan.protocol === 'tls' || plan.conversation.startsWith('TLS');
    if (target === 'acs-stun') await play(plan, this.#stun, learnNothing);
    else if (target === 'acs-rest') await play(plan, placeOf(this.#api), learnNothing);
    else if (target === 'acs-proxy')
      await play({ ...plan, source: asBalancer(plan.source) }, placeOf(this.#cwmp), learnCwmp);
    else await play(plan, placeOf(isSecure ? this.#secure : this.#cwmp), learnCwmp);
  }

  close(): Promise<void> {
    return this.process.stop();
  }

  async #put(path: string, document: object): Promise<void> {
    const answer = await fetch(`${this.#api}/api/v1/${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(document),
    });
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  }
}

/** Datagrams may be lost where many come. */
async function bind(stun: Place): Promise<void> {
  const peer = await rawPeer();
  try {
    const answer = peer.next();
    for (let tries = 0; tries < 10; tries++) {
      await peer.send(bindingRequest, stun.port);
      if ((await within(900, answer)) === undefined) return;
    }
    throw new Error('no STUN answer');
  } finally {
    await peer.close();
  }
}

async function list(api: string): Promise<void> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const path of ['devices?limit=1', 'presets/fuzz']) {
    const answer = await fetch(`${api}/api/v1/${path}`, { headers });
    await answer.text();
    if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}`);
  }
}
