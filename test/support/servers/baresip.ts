// One baresip in the lab: its configuration, the process, and its control socket (netstrings of JSON).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { type Lab, peersFolder, run } from './peers.ts';

export interface Baresip {
  /** One command: `dial`, `hangup`, `listcalls`, `reginfo`; answers its text without colours. */
  command(name: string, params?: string): Promise<string>;
  /** All that its control socket says from now on, of digits that it hears for one. */
  listen(): { text(): string; close(): void };
  /** The samples it heard in the call that ended last, 8000 a second, from the recording it made. */
  recording(): Promise<Int16Array>;
  stop(): Promise<void>;
}

export interface BaresipOptions {
  user: string;
  password: string;
  sipPort: number;
  controlPort: number;
  rtpBase: number;
  /** Hz it plays. */
  tone: number;
  /** As mkua.sh takes it: default: `srtp-mand`. `none`: without SRTP. */
  mediaEncryption?: string;
  /** `host:port` of the server, over TLS; that of the lab by default. */
  server?: string;
  /** Codecs it offers and takes, and the modules that have them; G.711 by default. */
  codecs?: { modules: readonly string[]; names: string };
}

/** The telephone 101 of the lab's Kamailio, which plays 880 Hz. */
const telephone: BaresipOptions = {
  user: '101',
  password: 'pw101',
  sipPort: 15_060,
  controlPort: 14_444,
  rtpBase: 14_000,
  tone: 880,
};

/** Starts one at the lab's Kamailio and waits for its registration. @param changes to the telephone 101 */
export async function registeredBaresip(lab: Lab, changes: Partial<BaresipOptions> = {}): Promise<Baresip> {
  const baresip = await startBaresip(lab, { ...telephone, ...changes });
  try {
    await eventually('baresip registers', async () => (await baresip.command('reginfo')).includes('OK'), 10_000, 100);
  } catch (error) {
    await baresip.stop();
    throw error;
  }
  return baresip;
}

/** Starts one and waits until its control socket answers; it registers by itself. */
export async function startBaresip(lab: Lab, options: BaresipOptions): Promise<Baresip> {
  const { user, password, sipPort, controlPort, rtpBase, tone, mediaEncryption = 'srtp-mand' } = options;
  const folder = join(lab.folder, `baresip-${user}`);
  await mkdir(folder, { recursive: true });
  const words = [folder, user, password, sipPort, controlPort, rtpBase, tone, mediaEncryption].map(String);
  await run('sh', [join(peersFolder, 'baresip', 'mkua.sh'), ...words], { env: { ...process.env, LAB: lab.folder } });
  await changeAccount(folder, options);
  if (options.codecs) await useCodecs(folder, options.codecs);
  const child: ChildProcess = spawn('baresip', ['-4', '-s', '-f', folder], {
    stdio: ['ignore', 'ignore', 'ignore'],
    cwd: folder,
  });
  const command = (name: string, params?: string): Promise<string> => ask(controlPort, name, params);
  await eventually('the control socket of baresip', () => command('reginfo').catch(() => undefined), 10_000, 100);
  return {
    command,
    listen: () => listen(controlPort),
    recording: async () => samplesOf(await newestRecording(folder)),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}

async function changeAccount(folder: string, { server, mediaEncryption }: BaresipOptions): Promise<void> {
  const file = join(folder, 'accounts');
  const text = await readFile(file, 'utf8');
  const there = server === undefined ? text : text.replace('127.0.0.1:5061', server);
  await writeFile(file, mediaEncryption === 'none' ? there.replace('mediaenc=none;', '') : there);
}

async function useCodecs(folder: string, { modules, names }: NonNullable<BaresipOptions['codecs']>): Promise<void> {
  const [config, accounts] = [join(folder, 'config'), join(folder, 'accounts')];
  await appendFile(config, modules.map(name => `module ${name}.so\n`).join(''));
  const text = await readFile(accounts, 'utf8');
  await writeFile(accounts, text.replace(/audio_codecs=\S+/, `audio_codecs=${names}`));
}

function listen(port: number): { text(): string; close(): void } {
  let text = '';
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.on('data', data => {
    text += data.toString('utf8');
  });
  return { text: () => text, close: () => void socket.destroy() };
}

function ask(port: number, command: string, params?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const token = `t${command}`;
    const body = JSON.stringify({ command, params, token });
    let text = '';
    socket.setTimeout(5000, () => socket.destroy(new Error(`baresip does not answer ${command}`)));
    socket.on('error', reject);
    socket.on('connect', () => socket.write(`${Buffer.byteLength(body)}:${body},`));
    socket.on('data', data => {
      text += data.toString('utf8');
      const answer = netstrings(text).find(one => one.includes(`"token":"${token}"`));
      if (answer === undefined) return;
      socket.destroy();
      resolve(answer.replace(/\\u001b\[[;0-9]*m/g, ''));
    });
  });
}

function netstrings(text: string): string[] {
  const out: string[] = [];
  for (let rest = text; ; ) {
    const found = /^(\d+):/.exec(rest);
    const length = Number(found?.[1]);
    const start = found?.[0].length ?? 0;
    if (!found || rest.length < start + length + 1) return out;
    out.push(rest.slice(start, start + length));
    rest = rest.slice(start + length + 1);
  }
}

/** The decoded side of the latest call: `dump-…-dec.wav`. */
async function newestRecording(folder: string): Promise<Buffer> {
  const names = (await readdir(folder)).filter(name => name.endsWith('-dec.wav')).sort();
  return readFile(join(folder, names.at(-1) ?? 'no-recording'));
}

/** 16-bit mono PCM behind the `data` chunk's header; a header not yet written back counts as reaching to the end. */
function samplesOf(wav: Buffer): Int16Array {
  const start = wav.indexOf('data') + 8;
  const bytes = wav.subarray(start, start + 2 * Math.floor((wav.length - start) / 2));
  return Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i));
}
