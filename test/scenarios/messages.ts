// Messages in one line each: `SetParameterValuesResponse status=0` becomes a body, a body becomes the lines of the ladder.
import { type EventEntry, isMethodName, type MethodName, type ParameterValue } from '../../shared/cwmp/methods.ts';
import { type Body, faultBody, requestBody, responseBody } from '../../shared/cwmp/soap.ts';
import { optionsOf, wordsOf } from './script.ts';

export const UNKNOWN_TIME = '0001-01-01T00:00:00Z';

/** A parameter's value with its type: `60:xsd:unsignedInt`; `xsd:string` where none is given. */
const parameterOf = (Name: string, text: string): ParameterValue => {
  const [, Value = text, Type = 'xsd:string'] = /^(.*):(xsd:\w+)$/s.exec(text) ?? [];
  return { Name, Value, Type };
};

export const valuesOf = (values: Record<string, string>): ParameterValue[] =>
  Object.entries(values).map(([name, value]) => parameterOf(name, value));

/** An event with its CommandKey, where it has one: `M Reboot:key`. */
function eventOf(text: string): EventEntry {
  const [EventCode = '', CommandKey = ''] = text.split(':');
  return { EventCode, CommandKey };
}

export const informOf = (given: {
  serial: string;
  events: readonly string[];
  retry: number;
  values: Record<string, string>;
}): Body =>
  requestBody('Inform', {
    DeviceId: { Manufacturer: 'Media5', OUI: '0090F8', ProductClass: '4102S', SerialNumber: given.serial },
    Event: given.events.map(eventOf),
    MaxEnvelopes: 1,
    CurrentTime: UNKNOWN_TIME,
    RetryCount: given.retry,
    ParameterList: valuesOf(given.values),
  }) as Body;

const requests: Record<string, (options: Record<string, string>) => object> = {
  TransferComplete: ({ key = '', fault = '0', text = '', start = UNKNOWN_TIME, end = UNKNOWN_TIME }) => ({
    CommandKey: key,
    FaultStruct: { FaultCode: Number(fault), FaultString: text },
    StartTime: start,
    CompleteTime: end,
  }),
  AutonomousTransferComplete: ({ url = '', fault = '0', size = '0' }) => ({
    AnnounceURL: '',
    TransferURL: url,
    IsDownload: true,
    FileType: '1 Firmware Upgrade Image',
    FileSize: Number(size),
    TargetFileName: '',
    FaultStruct: { FaultCode: Number(fault), FaultString: '' },
    StartTime: UNKNOWN_TIME,
    CompleteTime: UNKNOWN_TIME,
  }),
  GetRPCMethods: () => ({}),
  Kicked: ({ command = '', referer = '', arg = '', next = '' }) => ({
    Command: command,
    Referer: referer,
    Arg: arg,
    Next: next,
  }),
  RequestDownload: ({ type = '1 Firmware Upgrade Image' }) => ({ FileType: type, FileTypeArg: [] }),
};

/** The body of a request of the CPE. @throws Error for one that scenarios have no short form for */
export function requestOf(text: string): Body {
  const [method = '', ...words] = wordsOf(text);
  const build = requests[method];
  if (!build || !isMethodName(method)) throw new Error(`no short form of '${method}'`);
  return requestBody(method, build(optionsOf(words).options) as never) as Body;
}

const results: Record<string, (options: Record<string, string>, plain: string[]) => object> = {
  SetParameterValues: ({ status = '0' }) => ({ Status: Number(status) }),
  GetParameterValues: options => ({ ParameterList: valuesOf(options) }),
  GetParameterNames: (options, plain) => ({
    ParameterList: [
      ...plain.map(Name => ({ Name, Writable: true })),
      ...Object.entries(options).map(([Name, text]) => ({ Name, Writable: text === '1' })),
    ],
  }),
  AddObject: ({ instance = '1', status = '0' }) => ({ InstanceNumber: Number(instance), Status: Number(status) }),
  DeleteObject: ({ status = '0' }) => ({ Status: Number(status) }),
  Download: ({ status = '1', start = UNKNOWN_TIME, end = UNKNOWN_TIME }) => ({
    Status: Number(status),
    StartTime: start,
    CompleteTime: end,
  }),
  GetRPCMethods: (_options, plain) => ({ MethodList: plain }),
};
results.Upload = results.Download!;

/** The body of an answer: `RebootResponse`, or `Fault 9003 Device.A=9005`. */
export function answerOf(text: string): Body {
  const [word = '', ...rest] = wordsOf(text);
  const { plain, options } = optionsOf(rest);
  if (word === 'Fault') {
    const parameters = Object.entries(options).map(([name, code]) => {
      return { name, code: Number(code), message: `fault ${code}` };
    });
    return faultBody({ code: Number(plain[0]), message: `fault ${plain[0]}`, parameters });
  }
  const method = word.replace(/Response$/, '');
  if (!isMethodName(method)) throw new Error(`'${word}' is no answer`);
  return responseBody(method as MethodName, (results[method]?.(options, plain) ?? {}) as never) as Body;
}

const quoted = (text: string): string => (/^[\w.:/{}-]+$/.test(text) ? text : `"${text}"`);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Scalars stay on the line of the message, each entry of a list gets a line of its own. */
function fieldsOf(value: object): { line: string; below: string[] } {
  const words: string[] = [];
  const below: string[] = [];
  for (const [name, field] of Object.entries(value)) {
    if (Array.isArray(field)) below.push(...field.map(entryText));
    else if (isRecord(field)) words.push(`${name}={${fieldsOf(field).line.trim()}}`);
    else if (field !== undefined && field !== '' && field !== UNKNOWN_TIME)
      words.push(`${name}=${quoted(String(field))}`);
  }
  return { line: words.map(word => ` ${word}`).join(''), below };
}

function entryText(entry: unknown): string {
  if (!isRecord(entry)) return String(entry);
  if ('Name' in entry && 'Value' in entry) return `${entry.Name} = ${quoted(String(entry.Value))} (${entry.Type})`;
  return fieldsOf(entry).line.trim();
}

/** A message of the ACS as lines: the first names it, those below list what it carries. */
export function linesOf(body: Body): string[] {
  switch (body.kind) {
    case 'request': {
      const { line, below } = fieldsOf(body.args);
      return [body.method + line, ...below];
    }
    case 'response': {
      const { line, below } = fieldsOf(body.result);
      return [`${body.method}Response${line}`, ...below];
    }
    case 'fault': {
      const { code, message, soap, parameters } = body.fault;
      const below = parameters.map(({ name, code: one, message: why }) => `${name}: ${one} ${why}`);
      return [`Fault ${soap ?? code} ${quoted(message)}`, ...below];
    }
    case 'invalid':
      return [`${body.method} that cannot be taken: ${body.reason}`];
    case 'unknown':
      return [`${body.name} that is unknown`];
    default:
      return ['an empty envelope'];
  }
}
