// Messages for tests, derived from the method table: random ones for properties, and samples that the schemas accept.
import fc from 'fast-check';
import { membersOf } from '../../shared/cwmp/codec.ts';
import type { Field, Fields, TextField } from '../../shared/cwmp/fields.ts';

// ---- random values

/** Any text that XML can carry. */
export const xmlText = fc.oneof(
  fc.string({ maxLength: 40 }).map(legal),
  fc.string({ unit: 'binary', maxLength: 20 }).map(legal),
  fc.constantFrom('', ' ', '\r\n', '\t', ']]>', '<![CDATA[', '&amp;', '"\'', 'é', '\u{1f600}', '\u0085', '__proto__'),
);

/** Without lone surrogates (a Buffer replaces them) and what XML 1.0 2.2 leaves out. */
function legal(text: string): string {
  return Buffer.from(text)
    .toString()
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '?');
}

const time = fc
  .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(parts => `${parts.map((part, at) => String(part).padStart(at === 0 ? 4 : 2, '0')).join('-')}T12:34:56Z`);

const typedValue = fc.oneof(
  xmlText.map(Value => ({ Value, Type: 'xsd:string' })),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(value => ({ Value: String(value), Type: 'xsd:unsignedInt' })),
  fc.constantFrom('0', '1').map(Value => ({ Value, Type: 'xsd:boolean' })),
  time.map(Value => ({ Value, Type: 'xsd:dateTime' })),
);

/** Every object that the fields allow. */
export function anyOf(fields: Fields): fc.Arbitrary<Record<string, unknown>> {
  const required: Record<string, fc.Arbitrary<unknown>> = {};
  const optional: Record<string, fc.Arbitrary<unknown>> = {};
  let typed = false;
  for (const { name, field } of membersOf(fields)) {
    if (field.kind === 'any') typed = true;
    else (field.optional ? optional : required)[name] = anyValue(field);
  }
  const requiredKeys = Object.keys(required);
  const plain = fc.record({ ...required, ...optional }, { requiredKeys });
  if (!typed) return plain.map(own);
  return fc.tuple(plain, typedValue).map(([rest, value]) => own({ ...rest, ...value }));
}

/** fast-check makes objects without prototype now and then; a decoder does not. */
const own = (value: object): Record<string, unknown> => ({ ...value });

function anyValue(field: Field): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'text':
      return field.max === undefined || !field.clip ? xmlText : xmlText.filter(text => text.length <= 100);
    case 'any':
    case 'base64':
      return xmlText;
    case 'dateTime':
      return time;
    case 'int':
      return fc.integer({ min: field.min ?? -(2 ** 31), max: field.max ?? 2 ** 31 - 1 });
    case 'unsignedInt':
      if (field.codes) return fc.constantFrom(0, 9001, 9012);
      return fc.integer({ min: field.min ?? 0, max: field.max ?? 2 ** 32 - 1 });
    case 'boolean':
      return fc.boolean();
    case 'struct':
      return anyOf(field.fields);
    case 'array':
    case 'repeated':
      return fc.array(anyValue(field.item), { minLength: field.min ?? 0, maxLength: 4 });
    case 'choice':
      return fc.oneof(
        ...Object.entries(field.variants).map(([Type, { fields }]) => anyOf(fields).map(rest => ({ Type, ...rest }))),
      );
  }
}

// ---- samples that are valid by the schemas

export type SampleSize = 'small' | 'full';

const SAMPLES: Readonly<Record<string, string>> = {
  OUI: '0090F8',
  EventCode: '1 BOOT',
  ObjectName: 'Device.X_0090F8_SipEp.Gateway.',
  WindowMode: '1 At Any Time',
  UUID: '0f9f1a2e-77aa-5bcd-9012-3456789abcde',
};

const VALUES: readonly (readonly [type: string, value: string])[] = [
  ['xsd:string', 'a < b & "c" > d\r\n\t é'],
  ['xsd:boolean', 'true'],
  ['xsd:unsignedInt', '4294967295'],
  ['xsd:int', '-1'],
  ['xsd:dateTime', '2026-01-31T12:00:00Z'],
  ['xsd:base64Binary', 'AAEC'],
  ['xsd:hexBinary', '00FF'],
  ['xsd:unsignedLong', '18446744073709551615'],
  ['xsd:long', '-9'],
  ['', 'typeless'],
  ['xsd:no-such-type', 'strange'],
];

/** Arguments as the schemas want them: `small` with empty lists and nothing optional, `full` with everything. */
export function sampleOf(fields: Fields, size: SampleSize, method: string, turn = 0): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const { name, field } of membersOf(fields)) {
    if (field.optional && size === 'small') continue;
    if (field.kind === 'any') [out.Type, out[name]] = VALUES[turn % VALUES.length] ?? ['', ''];
    else out[name] = sampleValue(name, field, size, method);
  }
  return out;
}

function sampleValue(name: string, field: Field, size: SampleSize, method: string): unknown {
  switch (field.kind) {
    case 'text':
      return sampleText(name, field, size, method);
    case 'any':
    case 'base64':
      return 'AAEC';
    case 'dateTime':
      return size === 'small' ? '' : '2026-01-31T12:00:00+01:00';
    case 'int':
    case 'unsignedInt':
      return size === 'small' ? (field.min ?? 0) : (field.max ?? 7);
    case 'boolean':
      return size === 'full';
    case 'struct':
      return sampleOf(field.fields, size, method);
    case 'array': {
      const length = size === 'small' ? (field.min ?? 0) : Math.min(field.max ?? VALUES.length, VALUES.length);
      return Array.from({ length }, (_, turn) =>
        field.item.kind === 'struct'
          ? sampleOf(field.item.fields, size, method, turn)
          : sampleValue(name, field.item, size, method),
      );
    }
    case 'repeated':
      return field.item.kind === 'choice'
        ? Object.entries(field.item.variants).map(([Type, { fields }]) => ({ Type, ...sampleOf(fields, size, method) }))
        : [sampleValue(name, field.item, size, method)];
    case 'choice':
      return undefined;
  }
}

function sampleText(name: string, field: TextField, size: SampleSize, method: string): string {
  if (field.values) return field.values[0] ?? '';
  if (name === 'AccessList') return 'Subscriber';
  if (name === 'FileType') return method === 'Upload' ? '1 Vendor Configuration File' : '1 Firmware Upgrade Image';
  const sample = SAMPLES[name];
  if (sample !== undefined) return sample;
  if (size === 'small') return '';
  return field.clip ? 'long '.repeat(100) : 'x'.repeat(Math.min(field.max ?? 20, 40));
}
