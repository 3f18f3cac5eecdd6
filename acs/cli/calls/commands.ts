// The commands that call the API of a running ACS: devices, device, set, job, faults, audit, call, completion.
import { join } from 'node:path';
import { systemClock } from '../../../shared/clock.ts';
import { helpText, type OptionSpecs, type OptionValues, UsageError } from '../../../shared/config.ts';
import { isAbort } from '../../../shared/errors.ts';
import { type CallCommand, callCommands, commandNames } from '../../config.ts';
import { operations } from '../../north/operations.ts';
import { apiOptions } from '../api-options.ts';
import type { CliContext } from '../commands.ts';
import { ApiClient, operationNamed } from './api-client.ts';
import { callOf, pairOf } from './arguments.ts';
import { completionScript, type Shell, shells } from './completion.ts';
import { jobWords, runJob } from './job.ts';
import { type PrintedTask, taskLine } from './task-line.ts';
import { type Column, jsonText, tableOf } from './text-table.ts';

const reach = {
  ...apiOptions,
  json: { kind: 'boolean', help: 'print the answer as JSON' },
} as const satisfies OptionSpecs;
const limit = { kind: 'number', value: 'N', help: 'number of entries', default: 50, min: 1, max: 500 } as const;

const listing = {
  ...reach,
  limit,
  fields: {
    kind: 'string',
    value: 'NAMES',
    help: 'columns, separated by commas: names of filters, paths of parameters',
  },
  sort: { kind: 'string', value: 'NAME', help: 'field of the order, - in front for descending' },
  csv: { kind: 'boolean', help: 'print all that fit as CSV' },
} as const satisfies OptionSpecs;
const setting = {
  ...reach,
  wait: { kind: 'number', value: 'SECONDS', help: 'wait for the device', default: 0, min: 0, max: 3600 },
  notBefore: { kind: 'string', value: 'TIME', help: 'not before this time, such as 2026-12-01T02:00:00+01:00' },
  wake: { kind: 'boolean', help: 'ask the device to connect at that time' },
} as const satisfies OptionSpecs;
const jobs = {
  ...reach,
  watch: { kind: 'boolean', help: 'show the progress until the job has ended' },
  interval: { kind: 'number', value: 'SECONDS', help: 'interval between two looks', default: 2, min: 0.1, max: 3600 },
} as const satisfies OptionSpecs;
const faulting = {
  ...reach,
  limit,
  group: { kind: 'boolean', help: 'one line for faults with the same cause, code and parameter' },
} as const satisfies OptionSpecs;
const auditing = {
  ...reach,
  limit,
  who: { kind: 'string', value: 'NAME', help: 'calls of this user or token' },
  what: { kind: 'string', value: 'OPERATION', help: 'calls of this operation' },
  refused: { kind: 'boolean', help: 'refused calls only' },
} as const satisfies OptionSpecs;
const calling = {
  ...reach,
  body: { kind: 'string', value: 'JSON', help: 'the whole body, as JSON or @FILE' },
} as const satisfies OptionSpecs;

type Entry = Record<string, unknown>;
type Items = { items: Entry[] };
export type ReachOptions = OptionValues<typeof reach>;

interface CallSpec<S extends OptionSpecs> {
  usage: string;
  about: string;
  specs: S;
  /** Words that may follow, for completion. */
  words?: readonly string[];
  /** @returns the exit code */
  run(
    positionals: readonly string[],
    options: OptionValues<S>,
    context: CliContext,
    client: ApiClient,
  ): Promise<number>;
}

interface Command {
  specs: OptionSpecs;
  words: readonly string[];
  run(argv: string[], context: CliContext): Promise<number>;
}

function command<S extends typeof reach>({ usage, about, specs, words = [], run }: CallSpec<S>): Command {
  return {
    specs,
    words,
    run: async (argv, context) => {
      if (argv.includes('--help')) {
        context.write(helpText(`tandem-acs ${usage}`, about, specs));
        return 0;
      }
      const { values, positionals } = context.read(specs, argv);
      const { data: directory, api: base, token, ca } = values as unknown as ReachOptions;
      const tokenFile = token ?? join(directory, 'admin-token');
      const client = await ApiClient.open({ api: base, tokenFile, ca, clock: systemClock(), signal: context.signal });
      try {
        return await run(positionals, values, context, client);
      } catch (error) {
        if (isAbort(error) && context.signal.aborted) return 1;
        throw error;
      } finally {
        await client.close();
      }
    },
  };
}

/** The only argument. @throws UsageError */
function only(positionals: readonly string[], name: string): string {
  if (positionals.length === 1 && positionals[0]) return positionals[0];
  throw new UsageError(
    positionals.length === 0 ? `${name} is missing; see --help` : `'${positionals[1]}' is not expected`,
  );
}

/** The columns of an entry, in the order of the first one. */
const columnsOf = (items: readonly Entry[]): Column<Entry>[] =>
  Object.keys(items[0] ?? {}).map(name => [name, entry => entry[name]]);

const deviceFields = 'id,manufacturer,firmware,state,liveness,lastInform,tags';

const devices = command({
  usage: 'devices [FILTER] [options]',
  about: `Lists devices that a filter fits, such as 'productClass = "4102S" and lost'.`,
  specs: listing,
  run: async (positionals, { fields = deviceFields, sort, csv, json, limit: most }, { write, columns }, client) => {
    const filter = positionals.join(' ') || undefined;
    const query = { filter, sort, fields };
    if (csv) {
      write((await client.call('listDevices', { query: { ...query, format: 'csv' } })).text);
      return 0;
    }
    const answer = (await client.call('listDevices', { query: { ...query, limit: most, count: true } }))
      .json as Items & {
      total?: number;
    };
    if (json) write(jsonText(answer));
    else {
      const names = fields.split(',');
      write(
        tableOf<Entry>(
          names.map(name => [name, entry => entry[name]]),
          answer.items,
          columns(),
        ),
      );
      if ((answer.total ?? 0) > answer.items.length) write(`${answer.items.length} of ${answer.total}\n`);
    }
    return 0;
  },
});

const device = command({
  usage: 'device ID [options]',
  about: 'Shows a device.',
  specs: reach,
  run: async (positionals, { json }, { write, columns }, client) => {
    const found = (await client.call('getDevice', { params: { id: only(positionals, 'ID') } })).json as Entry;
    const rows = Object.entries(found);
    write(
      json
        ? jsonText(found)
        : tableOf(
            [
              ['field', ([name]) => name],
              ['value', ([, value]) => value],
            ],
            rows,
            columns(),
          ),
    );
    return 0;
  },
});

const set = command({
  usage: 'set ID PATH=VALUE… [options]',
  about:
    'Sets parameters of a device. Without --wait at its next session. Exit code 1 when it has refused them, or has not answered in time.',
  specs: setting,
  run: async ([id, ...pairs], { wait, wake, json, notBefore }, { write }, client) => {
    if (!id || pairs.length === 0) throw new UsageError('ID and PATH=VALUE are expected; see --help');
    const body = {
      method: 'SetParameterValues',
      args: { ParameterList: Object.fromEntries(pairs.map(pairOf)) },
      ...(notBefore === undefined ? {} : { notBefore }),
      ...(wake ? { wake } : {}),
    };
    const query = wait > 0 ? { wait } : {};
    const { status, json: task } = await client.call('addTask', { params: { id }, query, body, wait });
    const printed = task as PrintedTask;
    write(json ? jsonText(task) : taskLine(printed));
    return status === 201 || printed.state === 'done' ? 0 : 1;
  },
});

const job = command({
  usage: `job [ID [${jobWords.join(' | ')}]] [options]`,
  about:
    'Lists jobs, shows one, or acts on it. With --watch exit code 1 when devices have failed, or the job was aborted.',
  specs: jobs,
  words: jobWords,
  run: runJob,
});

const faultColumns: readonly Column<Entry>[] = [
  ['device', entry => entry.device],
  ['cause', entry => entry.cause],
  ['code', entry => entry.code],
  ['parameter', entry => entry.parameter],
  ['last', entry => entry.last],
  ['message', entry => entry.message],
];
const groupColumns: readonly Column<Entry>[] = [
  ['devices', entry => entry.devices],
  ['count', entry => entry.count],
  ...faultColumns.slice(1),
];

const faults = command({
  usage: 'faults [FILTER] [options]',
  about: 'Lists faults of devices that a filter fits.',
  specs: faulting,
  run: async (positionals, { group, json, limit: most }, { write, columns }, client) => {
    const query = { filter: positionals.join(' ') || undefined, limit: group ? Math.min(most, 200) : most };
    const answer = (await client.call(group ? 'groupFaults' : 'listFaults', { query })).json as Items;
    write(json ? jsonText(answer) : tableOf(group ? groupColumns : faultColumns, answer.items, columns()));
    return 0;
  },
});

const audit = command({
  usage: 'audit [options]',
  about: 'Lists the latest changes by users and tokens, the newest first.',
  specs: auditing,
  run: async (positionals, { who, what, refused, json, limit: most }, { write, columns }, client) => {
    if (positionals.length > 0) throw new UsageError(`'${positionals[0]}' is not expected; see --help`);
    const query = { who, what, limit: most, ...(refused ? { refused: true } : {}) };
    const answer = (await client.call('listAudit', { query })).json as Items;
    const names = ['time', 'who', 'what', 'target', 'status', 'code'];
    write(
      json
        ? jsonText(answer)
        : tableOf<Entry>(
            names.map(name => [name, entry => entry[name]]),
            answer.items,
            columns(),
          ),
    );
    return 0;
  },
});

const call = command({
  usage: 'call OPERATION [NAME=VALUE…] [options]',
  about:
    'Calls an operation of the API description. Names are those of its path, its query and its body; a value may be JSON.',
  specs: calling,
  words: operations.map(({ name }) => name),
  run: async ([name, ...pairs], { body, json }, { write, columns }, client) => {
    if (!name) throw new UsageError('OPERATION is missing; see --help');
    const answer = await client.call(name, await callOf(operationNamed(name), pairs, body));
    const { items } = (answer.json ?? {}) as Partial<Items>;
    if (answer.json === undefined) write(answer.text);
    else if (json || !items) write(jsonText(answer.json));
    else write(tableOf(columnsOf(items), items, columns()));
    return 0;
  },
});

const completion: Command = {
  specs: {},
  words: shells,
  run: async (argv, { write }) => {
    const [shell = ''] = argv;
    if (!(shells as readonly string[]).includes(shell))
      throw new UsageError(`completion: expected ${shells.join(', ')}`);
    const others = commandNames.map(name => ({ name, specs: { config: apiOptions.config, data: apiOptions.data } }));
    const own = callCommands.map(name => ({ name, specs: commands[name].specs, words: commands[name].words }));
    write(completionScript(shell as Shell, [...own, ...others]));
    return 0;
  },
};

const commands: Record<CallCommand, Command> = { devices, device, set, job, faults, audit, call, completion };

/** @returns the exit code. @throws UsageError, UserError */
export const runCall = async (name: CallCommand, argv: string[], context: CliContext): Promise<number> =>
  await commands[name].run(argv, context);
