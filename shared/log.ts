// Logs: JSON lines, one event each; a terminal gets a readable form. Secrets are masked by field name, long texts are clipped.
import { clip, clippedValue, MAX_VALUE } from './clip.ts';
import type { Clock } from './clock.ts';
import { isSecretName, MASK, withoutUrlSecrets } from './model/secret-names.ts';

type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
type LogFields = Record<string, unknown>;

export interface Log {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
  /** A log that adds `fields` to every line. */
  child(fields: LogFields): Log;
}

const secretName = /password|secret|token|authorization|privatekey/i;
/** The names of fields are few, and the same in every line. */
const knownNames = new Map<string, boolean>();
function isSecret(name: string): boolean {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const secret = secretName.test(name) || isSecretName(name);
  if (knownNames.size < 1000) knownNames.set(name, secret);
  return secret;
}

/** Copies `fields` with the values of secret-looking names masked, errors as text, and all that is long clipped. */
export function masked(fields: LogFields): LogFields {
  const out: LogFields = {};
  for (const [name, value] of Object.entries(fields)) {
    if (isSecret(name) && value !== undefined && value !== '') out[name] = MASK;
    else if (value instanceof Error) out[name] = errorFields(value);
    else out[name] = clippedValue(value);
  }
  return out;
}

const errorFields = ({ name, message, stack }: Error): LogFields => ({
  name,
  message: clip(message),
  stack: stack === undefined ? undefined : clip(stack, MAX_VALUE),
});

function readable(level: LogLevel, time: string, msg: string, fields: LogFields): string {
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${msg}${rest.length ? `  ${rest.join(' ')}` : ''}`;
}

/**
 * @param options.level  lines below it are dropped
 * @param options.write  takes one line without its newline
 * @param options.pretty readable form instead of JSON
 */
export function createLog(options: {
  clock: Clock;
  level: LogLevel;
  write: (line: string) => void;
  pretty?: boolean;
  fields?: LogFields;
}): Log {
  const floor = logLevels.indexOf(options.level);
  const emit = (level: LogLevel, msg: string, fields: LogFields = {}): void => {
    if (logLevels.indexOf(level) < floor) return;
    const time = new Date(options.clock.now()).toISOString();
    const all = masked({ ...options.fields, ...fields });
    const line = options.pretty ? readable(level, time, msg, all) : JSON.stringify({ time, level, msg, ...all });
    options.write(withoutUrlSecrets(line));
  };
  return {
    debug: (msg, fields) => emit('debug', msg, fields),
    info: (msg, fields) => emit('info', msg, fields),
    warn: (msg, fields) => emit('warn', msg, fields),
    error: (msg, fields) => emit('error', msg, fields),
    child: fields => createLog({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

const nothing = (): void => undefined;
/** A log that drops everything. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLog };

/** Adds fields to every line of another log. Thousands of units have one each: it holds two references and no closure. */
export class NamedLog implements Log {
  readonly #log: Log;
  readonly #fields: LogFields;

  constructor(log: Log, fields: LogFields) {
    this.#log = log;
    this.#fields = fields;
  }

  debug(msg: string, fields?: LogFields): void {
    this.#log.debug(msg, { ...this.#fields, ...fields });
  }
  info(msg: string, fields?: LogFields): void {
    this.#log.info(msg, { ...this.#fields, ...fields });
  }
  warn(msg: string, fields?: LogFields): void {
    this.#log.warn(msg, { ...this.#fields, ...fields });
  }
  error(msg: string, fields?: LogFields): void {
    this.#log.error(msg, { ...this.#fields, ...fields });
  }
  child(fields: LogFields): Log {
    return new NamedLog(this.#log, { ...this.#fields, ...fields });
  }
}
