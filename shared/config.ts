// One schema per program: its options give the types, the defaults and --help.
import { parseArgs } from 'node:util';

type Kind = 'string' | 'number' | 'boolean' | 'list';

interface OptionSpec {
  kind: Kind;
  /** One line for --help. */
  help: string;
  /** Placeholder of the value in --help: FILE, URL, N. */
  value?: string;
  default?: string | number | boolean;
  /** The only values allowed. */
  choices?: readonly string[];
  /** Smallest and largest number allowed. */
  min?: number;
  max?: number;
  /** Throws an Error that says what is wrong with one value. */
  check?: (value: string) => void;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type Plain<S extends OptionSpec> = S['kind'] extends 'boolean'
  ? boolean
  : S['kind'] extends 'number'
    ? number
    : S['kind'] extends 'list'
      ? string[]
      : S extends { choices: readonly (infer C)[] }
        ? C
        : string;

type Optional<S extends OptionSpec> = S extends { default: string | number | boolean }
  ? Plain<S>
  : S['kind'] extends 'list' | 'boolean'
    ? Plain<S>
    : Plain<S> | undefined;

/** The values that a table of options yields, by option name in camelCase. */
export type OptionValues<T extends OptionSpecs> = {
  [K in keyof T as K extends string ? Camel<K> : never]: Optional<T[K]>;
};
type Camel<S extends string> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;

/** Wrong usage: names the option and what it takes. The program prints the message on stderr and exits 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const camel = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const envName = (prefix: string, name: string): string => `${prefix}${name.toUpperCase().replaceAll('-', '_')}`;

function one(name: string, spec: OptionSpec, text: string): string | number | boolean {
  if (spec.kind === 'boolean') {
    if (/^(1|true|yes)$/i.test(text)) return true;
    if (/^(0|false|no)$/i.test(text)) return false;
    throw new UsageError(`--${name}: '${text}' is neither true nor false`);
  }
  if (spec.kind === 'number') {
    const number = Number(text);
    const low = spec.min ?? Number.NEGATIVE_INFINITY;
    const high = spec.max ?? Number.POSITIVE_INFINITY;
    if (text.trim() === '' || !Number.isFinite(number) || number < low || number > high) {
      const range = spec.min !== undefined || spec.max !== undefined ? ` from ${low} to ${high}` : '';
      throw new UsageError(`--${name}: '${text}' is not a number${range}`);
    }
    return number;
  }
  if (spec.choices && !spec.choices.includes(text)) {
    throw new UsageError(`--${name}: '${text}' is not one of ${spec.choices.join(', ')}`);
  }
  try {
    spec.check?.(text);
  } catch (error) {
    throw new UsageError(`--${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return text;
}

function fromArgv(specs: OptionSpecs, argv: string[]): { given: Record<string, unknown>; positionals: string[] } {
  const options: Record<string, { type: 'string' | 'boolean'; multiple: boolean }> = {};
  for (const [name, spec] of Object.entries(specs)) {
    options[name] = { type: spec.kind === 'boolean' ? 'boolean' : 'string', multiple: spec.kind === 'list' };
  }
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      options,
      strict: true,
      allowPositionals: true,
      allowNegative: true,
    });
    return { given: values, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0] ?? String(error));
  }
}

/**
 * Reads options from the command line, then the environment, then a configuration object, then the defaults.
 * @param source.envPrefix e.g. `TANDEM_`; an unknown variable with that prefix is not an error, since several programs share it
 * @param source.file      a parsed configuration file; unknown names in it are errors
 * @throws UsageError naming the option and the allowed values
 */
export function readOptions<T extends OptionSpecs>(
  specs: T,
  source: {
    argv: string[];
    env?: Record<string, string | undefined>;
    envPrefix?: string;
    file?: Record<string, unknown>;
  },
): { values: OptionValues<T>; positionals: string[] } {
  const { given, positionals } = fromArgv(specs, source.argv);
  for (const name of Object.keys(source.file ?? {})) {
    if (!specs[name])
      throw new UsageError(`configuration file: '${name}' is not an option (known: ${Object.keys(specs).join(', ')})`);
  }
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const env = source.envPrefix ? source.env?.[envName(source.envPrefix, name)] : undefined;
    const raw = given[name] ?? (env === '' ? undefined : env) ?? source.file?.[name];
    values[camel(name)] = settle(name, spec, raw);
  }
  return { values: values as OptionValues<T>, positionals };
}

function settle(name: string, spec: OptionSpec, raw: unknown): unknown {
  if (raw === undefined || raw === null)
    return spec.kind === 'list' ? [] : (spec.default ?? (spec.kind === 'boolean' ? false : undefined));
  if (spec.kind === 'list') {
    const items = Array.isArray(raw) ? raw : String(raw).split(',');
    return items.map(item => one(name, spec, String(item).trim()));
  }
  return one(name, spec, String(raw));
}

/** The text of --help: a usage line, a sentence, the options with their defaults, and the variables of the environment that are no options. */
export function helpText(
  usage: string,
  about: string,
  specs: OptionSpecs,
  variables: Readonly<Record<string, string>> = {},
): string {
  const rows = Object.entries(specs).map(([name, spec]) => {
    const value = spec.kind === 'boolean' ? '' : ` ${spec.value ?? (spec.kind === 'number' ? 'N' : 'TEXT')}`;
    const notes = [
      spec.choices ? `one of ${spec.choices.join(', ')}` : '',
      spec.kind === 'list' ? 'repeatable' : '',
      spec.default !== undefined && spec.default !== '' && spec.default !== false ? `default ${spec.default}` : '',
    ].filter(Boolean);
    return [`  --${name}${value}`, `${spec.help}${notes.length ? ` (${notes.join('; ')})` : ''}`] as const;
  });
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length), 8)) + 2;
  const line = (left: string, right: string): string =>
    left.length + 2 > width ? `${left}\n${' '.repeat(width)}${right}` : left.padEnd(width) + right;
  const lines = rows.map(([left, right]) => line(left, right));
  const more = Object.entries(variables).map(([name, help]) => `${line(`  ${name}`, help)}\n`);
  const environment = more.length > 0 ? `\nEnvironment:\n${more.join('')}` : '';
  return `Usage: ${usage}\n\n${about}\n\nOptions:\n${lines.join('\n')}\n  --help${' '.repeat(Math.max(1, width - 8))}this text\n${environment}`;
}
