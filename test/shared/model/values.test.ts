// Values: types, ranges, canonical forms, and what each of the two tempers of type checking lets pass.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ParameterDef, ValueType } from '../../../shared/model/definitions.ts';
import { checkValue, isDateTime } from '../../../shared/model/values.ts';

const def = (type: ValueType, more: Partial<ParameterDef> = {}): ParameterDef => ({
  path: 'Device.P',
  name: 'P',
  type,
  writable: true,
  hidden: false,
  forcedInform: false,
  activeNotify: 'normal',
  needsRestart: false,
  ...more,
});

const value = (of: ParameterDef, text: string, type?: string, strict?: boolean): string | number => {
  const checked = checkValue(of, text, type, strict);
  return checked.ok ? checked.value : checked.code;
};

const ENABLE = def('string', {
  enumeration: [
    { label: 'Disable', code: 0 },
    { label: 'Enable', code: 1 },
  ],
});

describe('checkValue', () => {
  it('writes integers in one way and keeps them within their type', () => {
    assert.equal(value(def('unsignedInt'), ' +007 '), '7');
    assert.equal(value(def('int'), '-2147483648'), '-2147483648');
    assert.equal(value(def('int'), '2147483648'), 9007);
    assert.equal(value(def('unsignedInt'), '-0'), '0');
    assert.equal(value(def('unsignedInt'), '4294967296'), 9007);
    assert.equal(value(def('unsignedLong'), '18446744073709551615'), '18446744073709551615');
    assert.equal(value(def('long'), '9223372036854775808'), 9007);
    for (const text of ['', 'x', '1.0', '1e3', '0x10', '1 2', '٣', '9'.repeat(50)])
      assert.equal(value(def('int'), text), 9007, text);
  });

  it('keeps integers within their ranges and steps', () => {
    const port = def('unsignedInt', {
      min: 0,
      max: 65435,
      ranges: [
        { min: 0, max: 0 },
        { min: 1025, max: 65435 },
      ],
    });
    assert.deepEqual(
      ['0', '1', '1024', '1025', '65436'].map(text => value(port, text)),
      ['0', 9007, 9007, '1025', 9007],
    );
    assert.equal(value(def('int', { ranges: [{ min: 10, max: 30, step: 10 }] }), '25'), 9007);
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.integer(),
        fc.nat(),
        (number, min, span) => {
          const inside = number >= min && number <= min + span;
          assert.equal(value(def('long', { min, max: min + span }), String(number)), inside ? String(number) : 9007);
        },
      ),
    );
  });

  it('writes booleans as 1 and 0', () => {
    for (const text of ['1', 'true', ' true ']) assert.equal(value(def('boolean'), text, 'xsd:boolean', true), '1');
    for (const text of ['0', 'false']) assert.equal(value(def('boolean'), text, 'xsd:boolean', true), '0');
    for (const text of ['', '2', 'maybe']) assert.equal(value(def('boolean'), text), 9007);
    assert.equal(value(def('boolean'), 'TRUE', undefined, true), 9007);
    assert.equal(value(def('boolean'), 'TRUE'), '1');
    assert.equal(value(def('boolean'), 'Enable'), '1');
  });

  it('refuses another type when strict, converts it when tolerant (9006)', () => {
    assert.equal(value(def('unsignedInt'), '5', 'xsd:string', true), 9006);
    assert.equal(value(def('unsignedInt'), '5', 'xsd:string'), '5');
    assert.equal(value(def('unsignedInt'), 'five', 'xsd:string'), 9006);
    assert.equal(value(def('unsignedInt'), 'five', 'xsd:unsignedInt'), 9007);
    assert.equal(value(def('unsignedInt'), '5', 'xs:unsignedInt', true), '5');
    assert.equal(value(def('base64'), 'AA==', 'SOAP-ENC:base64', true), 'AA==');
    assert.equal(value(def('int', { list: true }), '1, 2', 'xsd:string', true), '1,2');
    assert.equal(value(ENABLE, '1', 'xsd:boolean', true), 9006);
    assert.equal(value(ENABLE, '1', 'xsd:boolean'), 'Enable');
    assert.equal(value(ENABLE, 'false', 'xsd:boolean'), 'Disable');
  });

  it('takes a label as spelled, and when tolerant in any case or by its number', () => {
    assert.equal(value(ENABLE, 'Enable', 'xsd:string', true), 'Enable');
    assert.equal(value(ENABLE, 'enable', 'xsd:string', true), 9007);
    assert.equal(value(ENABLE, 'enable'), 'Enable');
    assert.equal(value(ENABLE, '0'), 'Disable');
    assert.equal(value(ENABLE, '2'), 9007);
    assert.equal(value(ENABLE, ''), 9007);
  });

  it('counts characters, not code units, and refuses what XML cannot carry', () => {
    assert.equal(value(def('string', { maxLength: 2 }), '😀😀'), '😀😀');
    assert.equal(value(def('string', { maxLength: 2 }), 'abc'), 9007);
    assert.equal(value(def('string', { minLength: 1 }), ''), 9007);
    assert.equal(
      value(
        def('string', {
          lengths: [
            { min: 0, max: 0 },
            { min: 6, max: 6 },
          ],
        }),
        'abc',
      ),
      9007,
    );
    for (const text of ['\0', '\u001b', '\ud800', '\uffff']) assert.equal(value(def('string'), text), 9007);
    assert.equal(value(def('string'), ' \t\r\n '), ' \t\r\n ');
  });

  it('checks dateTime, base64 and hexBinary values', () => {
    assert.equal(value(def('base64', { maxLength: 2 }), ' AAE= '), 'AAE=');
    for (const text of ['A', 'AA=', '====', 'AA*=']) assert.equal(value(def('base64'), text), 9007, text);
    assert.equal(value(def('base64', { maxLength: 1 }), 'AAE='), 9007);
    assert.equal(value(def('hexBinary', { maxLength: 2 }), '0aFF'), '0aFF');
    assert.equal(value(def('hexBinary'), '0'), 9007);
    for (const text of [
      '2024-02-29T24:00:00Z',
      '0001-01-01T00:00:00Z',
      '2026-01-01T00:00:00.123+14:00',
      '9999-12-31T23:59:59',
    ]) {
      assert.ok(isDateTime(text), text);
    }
    for (const text of [
      '2023-02-29T00:00:00Z',
      '2026-1-1T00:00:00Z',
      '2026-01-01',
      '2026-01-01T24:00:01Z',
      '2026-13-01T00:00:00Z',
      '2026-01-01T00:00:00+25:00',
      '',
    ]) {
      assert.ok(!isDateTime(text), text);
    }
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(253402300799999) }), date =>
        isDateTime(date.toISOString()),
      ),
    );
  });

  it('never throws, and keeps a canonical form as it is', () => {
    const types: ValueType[] = [
      'string',
      'int',
      'unsignedInt',
      'long',
      'unsignedLong',
      'boolean',
      'dateTime',
      'base64',
      'hexBinary',
    ];
    const likely = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.base64String(),
      fc.constantFrom('true', '1', '-0', '1,2'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...types), likely, fc.boolean(), fc.boolean(), (type, text, list, strict) => {
        const of = def(type, list ? { list } : {});
        const checked = checkValue(of, text, undefined, strict);
        if (checked.ok) assert.deepEqual(checkValue(of, checked.value, undefined, true), checked);
      }),
    );
  });

  it('refuses long hostile texts quickly', () => {
    assert.equal(value(def('base64'), 'A'.repeat(1_000_001)), 9007);
    assert.equal(value(def('int'), ' '.repeat(1_000_000)), 9007);
  });
});
