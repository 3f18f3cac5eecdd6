// Plays a scenario: its commands against an ACS over sockets, its expected lines against what follows from them.
import type { Body } from '../../shared/cwmp/soap.ts';
import type { Namespace } from '../../shared/cwmp/versions.ts';
import { ScenarioAcs } from './acs.ts';
import { ScenarioCpe } from './cpe.ts';
import { answerOf, linesOf, requestOf } from './messages.ts';
import { Names } from './names.ts';
import { type Block, optionsOf, parseScript, wordsOf } from './script.ts';

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function millisecondsOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const factor = units[unit];
  if (factor === undefined) throw new Error(`'${text}' is no duration`);
  return Number(count) * factor;
}

/** @returns the lines that each block of the scenario brought about */
export async function playScenario(script: string): Promise<{ blocks: Block[]; results: string[][] }> {
  const blocks = parseScript(script);
  const scenario = new Scenario();
  const results: string[][] = [];
  try {
    for (const block of blocks) results.push(await scenario.run(block.commands));
  } finally {
    await scenario.end();
  }
  return { blocks, results };
}

class Scenario {
  readonly #names = new Names();
  #lines: string[] = [];
  readonly #acs = new ScenarioAcs(this.#names, line => this.#lines.push(line));
  readonly #cpes = new Map<string, ScenarioCpe>();

  async run(commands: readonly string[]): Promise<string[]> {
    for (const command of commands) {
      for (const [, name = ''] of command.matchAll(/\{([A-Z]|cpe)\}/g))
        this.#names.once(`{${name}}`, this.#cpe(name).id);
      await this.#command(this.#names.reveal(command));
      await this.#acs.settle();
    }
    if (commands.length === 0) return [];
    const lines = [...this.#lines.splice(0), ...(await this.#acs.drain())];
    return lines.map(line => this.#names.hide(line));
  }

  async end(): Promise<void> {
    for (const cpe of this.#cpes.values()) cpe.hangUp();
    await this.#acs.end();
  }

  async #command(text: string): Promise<void> {
    const [, named, rest = ''] = /^([A-Z])> (.*)$/s.exec(text) ?? [undefined, 'cpe', text];
    const [word = ''] = rest.split(' ', 1);
    const line = rest.slice(word.length + 1);
    if (await this.#world(word, line)) return;
    const cpe = this.#cpe(named ?? 'cpe');
    if (word === 'lose') {
      cpe.losesNext = true;
      await this.#message(cpe, line.split(' ', 1)[0] ?? '', line.replace(/^\S+ ?/, ''));
    } else await this.#message(cpe, word, line);
  }

  #cpe(name: string): ScenarioCpe {
    const known = this.#cpes.get(name);
    if (known) return known;
    const made = new ScenarioCpe(name, {
      url: () => this.#acs.url,
      write: shown => this.#lines.push(shown),
      names: this.#names,
    });
    this.#cpes.set(name, made);
    return made;
  }

  /** Commands to the ACS, its operators and its clock. @returns false for a word that is none of them */
  async #world(word: string, line: string): Promise<boolean> {
    switch (word) {
      case 'acs':
        await this.#acs.start(optionsOf(wordsOf(line)).options);
        return true;
      case 'restart':
        await this.#acs.stop();
        await this.#acs.start();
        return true;
      case 'advance':
        await this.#acs.advance(millisecondsOf(line));
        return true;
      case 'listen': {
        const [name = '', status = '204'] = line.split(' ');
        await this.#acs.listen(name, Number(status));
        return true;
      }
      case 'GET':
      case 'PUT':
      case 'POST':
      case 'PATCH':
      case 'DELETE': {
        const [path = ''] = line.split(' ', 1);
        await this.#acs.call(word, path, line.slice(path.length + 1));
        return true;
      }
      default:
        return false;
    }
  }

  async #message(cpe: ScenarioCpe, word: string, line: string): Promise<void> {
    switch (word) {
      case 'cpe':
        configure(cpe, line);
        return;
      case 'inform':
        await cpe.begin();
        await this.#inform(cpe, line);
        return;
      case 'reinform':
        await this.#inform(cpe, line);
        return;
      case 'empty':
        await cpe.post('', '(empty)');
        break;
      case 'answer':
        await this.#answer(cpe, line);
        break;
      case 'session':
        await cpe.begin();
        await this.#inform(cpe, line);
        await this.#rest(cpe);
        return;
      case 'rest':
        await this.#rest(cpe);
        return;
      case 'raw': {
        const [, header, value, body = ''] = /^([\w-]+): (\S+) (.*)$/s.exec(line) ?? [undefined, '', '', line];
        await cpe.post(body, `"${body.slice(0, 60)}"`, header ? { [header]: value ?? '' } : {});
        break;
      }
      case 'hangup':
        cpe.hangUp();
        return;
      default: {
        const body = requestOf(`${word} ${line}`);
        await cpe.send(body, linesOf(body).join(' '));
      }
    }
  }

  async #inform(cpe: ScenarioCpe, line: string): Promise<void> {
    const { plain, options } = optionsOf(wordsOf(line));
    const { retry = '0', ...values } = options;
    const events = plain
      .join(' ')
      .split(',')
      .map(event => event.trim())
      .filter(event => event !== '');
    await cpe.inform(events, { retry: Number(retry), values });
  }

  async #answer(cpe: ScenarioCpe, line: string): Promise<void> {
    const body: { body: Body; label: string } = line === '' ? cpe.ownAnswer() : answerWith(answerOf(line));
    await cpe.send(body.body, body.label);
  }

  /** The rest of a session: an empty POST, and an answer out of memory to all that is asked. */
  async #rest(cpe: ScenarioCpe): Promise<void> {
    await cpe.post('', '(empty)');
    for (let asked = 0; cpe.asked && asked < 50; asked++) {
      const { body, label } = cpe.ownAnswer();
      await cpe.send(body, label);
    }
  }
}

const answerWith = (body: Body): { body: Body; label: string } => ({ body, label: linesOf(body).join(' ') });

/** What `cpe name=value …` sets; a name that is not here is a parameter, which takes the value. */
const settings: Record<string, (cpe: ScenarioCpe, value: string) => void> = {
  serial: (cpe, value) => {
    cpe.settings.serial = value;
  },
  login: (cpe, value) => {
    const [username = '', password = ''] = value.split(':');
    cpe.settings.login = { username, password };
  },
  scheme: (cpe, value) => {
    cpe.settings.scheme = value === 'basic' || value === 'none' ? value : 'digest';
  },
  namespace: (cpe, value) => {
    cpe.settings.namespace = value as Namespace;
  },
  tls: (cpe, value) => {
    cpe.settings.tls = value === '1';
  },
  cookies: (cpe, value) => {
    cpe.settings.cookies = value === '1';
  },
  key: (cpe, value) => cpe.values.set('Device.ManagementServer.ParameterKey', value),
  version: (cpe, value) => cpe.values.set('Device.DeviceInfo.SoftwareVersion', value),
  /** The Status of its SetParameterValuesResponse. */
  status: (cpe, value) => {
    cpe.status = Number(value);
  },
  /** A parameter that each Inform carries. */
  report: (cpe, value) => cpe.reported.add(value),
  /** `PATH:CODE` or `METHOD:CODE`: refused by itself, until `take=PATH`. */
  refuse: (cpe, value) => {
    const [path = '', code = '9002'] = value.split(':');
    cpe.refusals.set(path, Number(code));
  },
  take: (cpe, value) => cpe.refusals.delete(value),
};

function configure(cpe: ScenarioCpe, line: string): void {
  for (const [name, value] of Object.entries(optionsOf(wordsOf(line)).options)) {
    const set = settings[name];
    if (set) set(cpe, value);
    else cpe.values.set(name, value);
  }
}
