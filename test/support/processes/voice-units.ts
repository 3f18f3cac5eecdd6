// Two units and their SIP server as the processes they are: `pbx serve`, and `cpe run` twice with a state directory.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endPrograms, type Program, program } from './process.ts';

export interface VoiceProcesses {
  readonly folder: string;
  readonly pbx: Program;
  readonly port: string;
  /** Runs a unit of that user until it is registered; with its state in the folder named after it. */
  unit(user: string, ...options: string[]): Promise<Program>;
  /** A command for the unit of that user, by its end. */
  ask(user: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }>;
  state(user: string): string;
  stop(): Promise<void>;
}

const PROFILE = fileURLToPath(new URL('../../../examples/voice/100.json', import.meta.url));
const USERS = ['100', '101', '102'];

/** The settings of examples/voice as `--set` arguments, with another port of the server. */
async function settings(user: string, port: string): Promise<string[]> {
  const { parameters } = JSON.parse(await readFile(PROFILE, 'utf8')) as { parameters: Record<string, string> };
  const servers = Object.keys(parameters).filter(name => name.includes('DefaultStatic'));
  const authentication = 'SipEp.Authentication[Index=1]';
  return [
    ...servers.map(name => `${name}=127.0.0.1:${port}`),
    `SipEp.UserAgent[EpId=Phone-Fax1].Username=${user}`,
    `${authentication}.Username=${user}`,
    `${authentication}.Password=pw${user}`,
  ].flatMap(assignment => ['--set', assignment]);
}

/** @param options further ones of `pbx serve` */
export async function startVoice(...options: string[]): Promise<VoiceProcesses> {
  const folder = await mkdtemp(join(tmpdir(), 'voice-'));
  const users = USERS.flatMap(user => ['--user', `${user}:pw${user}`]);
  const pbx = program('pbx/main.ts', ['serve', '--tls-port', '0', '--data', join(folder, 'pbx'), ...users, ...options]);
  const ready = await pbx.ready();
  const port = String(ready.tls).split(':').at(-1) ?? '';
  const state = (user: string): string => join(folder, user);
  return {
    folder,
    pbx,
    port,
    state,
    unit: async (user, ...more) => {
      const own = [
        '--profile',
        PROFILE,
        '--ca',
        join(folder, 'pbx', 'ca.pem'),
        '--state',
        state(user),
        '--serial',
        user,
      ];
      const made = program('cpe/main.ts', ['run', ...own, ...(await settings(user, port)), ...more]);
      await made.line(line => line.msg === 'SIP registration changed' && line.state === 'Registered');
      return made;
    },
    ask: (user, ...args) => program('cpe/main.ts', [...args, '--state', state(user)]).ended,
    stop: async () => {
      await endPrograms();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
