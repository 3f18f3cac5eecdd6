// The commands of a scenario that a CPE carries out.
import type { Namespace } from '../../shared/cwmp/versions.ts';
import type { ScenarioCpe } from './cpe.ts';
import { answerOf, informOf, requestOf } from './messages.ts';
import { optionsOf, wordsOf } from './script.ts';

type Command = (cpe: ScenarioCpe, line: string) => Promise<void> | void;

/** More requests of the ACS than this in one session are a loop. */
const MAX_REQUESTS = 50;

/** Carries out a command; a word that is none is a request of the CPE. */
export async function saysCpe(cpe: ScenarioCpe, word: string, line: string): Promise<void> {
  const command = commands[word];
  if (command) await command(cpe, line);
  else await cpe.send(requestOf(`${word} ${line}`));
}

async function inform(cpe: ScenarioCpe, line: string): Promise<void> {
  const { plain, options } = optionsOf(wordsOf(line));
  const { retry = '0', ...values } = options;
  const events = plain
    .join(' ')
    .split(',')
    .map(event => event.trim());
  const { serial } = cpe;
  const body = informOf({ serial, events, retry: Number(retry), values: { ...cpe.values.report(), ...values } });
  const shown = Object.entries(values).map(([name, value]) => ` ${name}=${value}`);
  await cpe.send(body, `Inform ${events.join(', ')}${retry === '0' ? '' : ` RetryCount=${retry}`}${shown.join('')}`);
}

/** An empty POST, and an answer out of the CPE's values to all that is asked. */
async function rest(cpe: ScenarioCpe): Promise<void> {
  await cpe.post('', '(empty)');
  for (let asked = 0; cpe.asked && asked < MAX_REQUESTS; asked++) await cpe.send(cpe.values.answerTo(cpe.asked));
}

const commands: Readonly<Record<string, Command>> = {
  cpe: configure,
  inform: async (cpe, line) => {
    await cpe.begin();
    await inform(cpe, line);
  },
  reinform: inform,
  empty: async cpe => await cpe.post('', '(empty)'),
  answer: async (cpe, line) => await cpe.send(line === '' ? cpe.values.answerTo(cpe.asked) : answerOf(line)),
  rest,
  session: async (cpe, line) => {
    await cpe.begin();
    await inform(cpe, line);
    await rest(cpe);
  },
  raw: async (cpe, line) => {
    const [, header = '', value = '', body = line] = /^([\w-]+): ("[^"]*"|\S+) (.*)$/s.exec(line) ?? [];
    const headers = header === '' ? {} : { [header]: value.replaceAll('"', '') };
    await cpe.post(body, `"${body.slice(0, 60)}"`, headers);
  },
  lose: async (cpe, line) => {
    const [word = ''] = line.split(' ', 1);
    cpe.losesNext = true;
    await saysCpe(cpe, word, line.slice(word.length + 1));
  },
  hangup: cpe => cpe.http.close(),
};

/** Settings of `cpe name=value …`; a name that is not here is a parameter, which takes the value. */
const settings: Readonly<Record<string, (cpe: ScenarioCpe, value: string) => void>> = {
  serial: (cpe, value) => {
    cpe.serial = value;
  },
  namespace: (cpe, value) => {
    cpe.namespace = value as Namespace;
  },
  login: (cpe, value) => {
    const [username = '', password = ''] = value.split(':');
    cpe.http.settings.login = { username, password };
  },
  scheme: (cpe, value) => {
    cpe.http.settings.scheme = value === 'basic' || value === 'none' ? value : 'digest';
  },
  tls: (cpe, value) => {
    cpe.http.settings.tls = value === '1';
  },
  cookies: (cpe, value) => {
    cpe.http.settings.cookies = value === '1';
  },
  status: (cpe, value) => {
    cpe.values.status = Number(value);
  },
  report: (cpe, value) => void cpe.values.reported.add(value),
  refuse: (cpe, value) => {
    const [path = '', code = '9002'] = value.split(':');
    cpe.values.refusals.set(path, Number(code));
  },
  take: (cpe, value) => void cpe.values.refusals.delete(value),
};

function configure(cpe: ScenarioCpe, line: string): void {
  for (const [name, value] of Object.entries(optionsOf(wordsOf(line)).options)) {
    const set = settings[name];
    if (set) set(cpe, value);
    else cpe.values.set(name, value);
  }
}
