// Inputs made from a JSON Schema: good ones, and good ones that were spoilt in one place. For trying out every call of the API.
import fc from 'fast-check';

/** As much of JSON Schema as our shapes use. */
export interface Shape {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Shape[];
  properties?: Record<string, Shape>;
  required?: string[];
  patternProperties?: Record<string, Shape>;
  additionalProperties?: boolean | Shape;
  items?: Shape;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

/** Words that mean something here, so that what is made gets further than the first check. */
const WORDS = [
  'Device.',
  'Device.ManagementServer.PeriodicInformInterval',
  'Device.X_0090F8_Cwmp.Password',
  '0090F8-4102S-0090F8000001',
  'online',
  'productClass = "4102S" and not online',
  'tag = "a" or (firmware < "9.1"',
  'id',
  '-lastInform',
  'GetParameterValues',
  'Reboot',
  'Download',
  'SetParameterValues',
  '3600',
  '1',
  'true',
  '{{site.proxy}}',
  'fw.bin',
  'first',
  '127.0.0.1:5061',
  'https://127.0.0.1:1/x',
];

const nasty = fc.constantFrom(
  '',
  ' ',
  '\u0000',
  '%',
  '%2',
  '../..',
  '__proto__',
  '"',
  "'; --",
  '\ud800',
  'x'.repeat(5000),
  '𝒳',
  'NaN',
);
const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 2, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 1, arbitrary: nasty },
);
export const texts = text;

const whole = ({ minimum = -10, maximum = 1_000_000 }: Shape): fc.Arbitrary<number> =>
  fc.integer({ min: Math.ceil(minimum), max: Math.max(Math.ceil(minimum), Math.floor(maximum)) });

const list = (shape: Shape): fc.Arbitrary<unknown> =>
  fc.array(valid(shape.items ?? {}), { minLength: shape.minItems ?? 0, maxLength: Math.min(3, shape.maxItems ?? 3) });

function record(shape: Shape): fc.Arbitrary<unknown> {
  const named = Object.entries(shape.properties ?? {});
  const fields = Object.fromEntries(named.map(([name, field]) => [name, valid(field)]));
  const free = Object.values(shape.patternProperties ?? {})[0] ?? shape.additionalProperties;
  const own = fc.record(fields, { requiredKeys: shape.required ?? [] });
  if (!free || typeof free === 'boolean') return own;
  return fc.tuple(own, fc.dictionary(text, valid(free), { maxKeys: 3 })).map(([a, b]) => ({ ...b, ...a }));
}

/** Values that the schema takes. */
export function valid(shape: Shape): fc.Arbitrary<unknown> {
  if (shape.const !== undefined) return fc.constant(shape.const);
  if (shape.enum) return fc.constantFrom(...shape.enum);
  if (shape.anyOf) return fc.oneof(...shape.anyOf.map(valid));
  switch (shape.type) {
    case 'string':
      if (shape.format === 'date-time') return fc.date({ noInvalidDate: true }).map(date => date.toISOString());
      return shape.pattern ? fc.oneof(fc.stringMatching(new RegExp(shape.pattern)), text) : text;
    case 'integer':
      return whole(shape);
    case 'number':
      return fc.oneof(whole(shape), fc.constant((shape.minimum ?? 0) + 0.5));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return list(shape);
    case 'object':
      return record(shape);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** The same with one thing wrong: a field more, a field less, another kind of value somewhere. */
export const spoilt = (shape: Shape): fc.Arbitrary<unknown> =>
  fc
    .tuple(valid(shape), fc.constantFrom('more', 'less', 'other'), fc.jsonValue({ maxDepth: 2 }), fc.nat())
    .map(([value, how, stray, at]) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return stray;
      const entries = Object.entries(value);
      if (how === 'more' || entries.length === 0) return { ...value, stray };
      const [name = ''] = entries[at % entries.length] ?? [];
      if (how === 'other') return { ...value, [name]: stray };
      return Object.fromEntries(entries.filter(([other]) => other !== name));
    });
