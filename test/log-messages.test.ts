// Log messages are an interface: operators search for them. Each has one call site, and those of the ACS are documented.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url).pathname;
const text = (file: string): string => readFileSync(root + file, 'utf8');
const sources = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(file => /^(acs|cpe|pbx|shared)\//.test(file));

interface CallSite {
  file: string;
  line: number;
  message: string;
  /** Undefined where it is chosen at run time. */
  level: string | undefined;
}

/** Calls such as `log.info('…'` and `log[level]('…'`. */
const call = /\blog(?:\.(debug|info|warn|error)|\[[^\]]*\])\(\s*(?:'([^']*)'|[`"])/g;

const callSites: CallSite[] = sources.flatMap(file => {
  const source = text(file);
  return [...source.matchAll(call)].map(found => ({
    file,
    line: source.slice(0, found.index).split('\n').length,
    message: found[2] ?? '',
    level: found[1],
  }));
});

/** Programs and tools wait for this message of each program. */
const READY = 'ready';
/** Rooms of shared/ that only the gateway and the PBX use are left out. */
const isOfAcs = ({ file }: CallSite): boolean => /^(acs|shared)\/(?!sip\/|control\/)/.test(file);

describe('log messages', () => {
  it('are fixed texts', () => {
    assert.ok(callSites.length > 100, `${callSites.length} found`);
    for (const { file, line, message } of callSites) assert.notEqual(message, '', `${file}:${line}`);
  });

  it('have one call site each', () => {
    const known = new Map<string, string>();
    for (const { file, line, message } of callSites.filter(site => site.message !== READY)) {
      const place = `${file}:${line}`;
      assert.ok(!known.has(message), `'${message}' at ${known.get(message)} and ${place}`);
      known.set(message, place);
    }
  });

  it('of the ACS are documented in docs/monitoring.md with their levels', () => {
    const documented = documentedMessages();
    for (const { message, level, file, line } of callSites.filter(isOfAcs)) {
      const levels = documented.get(message);
      assert.ok(levels !== undefined, `'${message}' (${file}:${line}) is not in docs/monitoring.md`);
      assert.ok(level === undefined ? levels.includes(',') : levels === level, `'${message}' is logged at ${level}`);
    }
  });

  it('in docs/monitoring.md exist', () => {
    const existing = new Set(callSites.filter(isOfAcs).map(({ message }) => message));
    for (const message of documentedMessages().keys()) assert.ok(existing.has(message), `'${message}' is in no source`);
  });
});

/** The levels by message. */
function documentedMessages(): Map<string, string> {
  const page = text('docs/monitoring.md');
  const start = page.indexOf('\n## Log messages');
  assert.ok(start > 0, 'docs/monitoring.md has no section "Log messages"');
  const end = page.indexOf('\n## ', start + 1);
  const section = page.slice(start, end < 0 ? undefined : end);
  const rows = section.matchAll(/^\| `([^`]+)` \| ([^|]*?) \|/gm);
  return new Map([...rows].map(([, message = '', levels = '']) => [message, levels]));
}
