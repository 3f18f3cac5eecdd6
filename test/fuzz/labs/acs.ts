// The ACS under test: a process as a user starts it, with presets that make it ask, and a device that is served beside the fuzz.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DialectCpe } from '../../support/cpe/dialect-cpe.ts';
import { dialects } from '../../support/cpe/dialects.ts';
import type { Lab } from '../lab.ts';
import { type Place, play } from '../play.ts';
import { LOGIN, learnCwmp } from '../targets/acs-cwmp.ts';
import { type Line, WatchedProcess } from '../watched-process.ts';

export const TOKEN = 'token-of-the-fuzz-1234567890';

const placeOf = (url: string): Place => ({ host: '127.0.0.1', port: Number(new URL(url).port) });

export async function openAcsLab(folder: string): Promise<Lab> {
  const secret = join(folder, 'enrol');
  await writeFile(secret, `${LOGIN.user}:${LOGIN.password}\n`, { mode: 0o600 });
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
      '--rebootstrap',
      'allow',
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
  #cpe: DialectCpe;

  constructor(process: WatchedProcess, ready: Line) {
    const [cwmp = '', secure = ''] = ready.cwmp as string[];
    this.process = process;
    this.#cwmp = cwmp;
    this.#secure = secure;
    this.#api = String(ready.api);
    this.#cpe = this.#newCpe({ username: LOGIN.user, password: LOGIN.password });
  }

  /** Presets make sessions longer than their Inform. */
  async prepare(): Promise<void> {
    const document = { when: 'productClass = "Fuzz"', set: { 'Device.Time.LocalTimeZone': 'UTC' } };
    await this.#put('presets/fuzz', document);
  }

  async probe(): Promise<void> {
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

  async play(_target: string, plan: Parameters<Lab['play']>[1]): Promise<void> {
    const isSecure = plan.protocol === 'tls' || plan.conversation.startsWith('TLS');
    await play(plan, placeOf(isSecure ? this.#secure : this.#cwmp), learnCwmp);
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
