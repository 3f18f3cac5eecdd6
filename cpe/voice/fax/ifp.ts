// IFP packets (ITU-T T.38 7, annex A in its first version): the signals of fax modems as messages, in the packed encoding of ASN.1.

/** T.38 7.3.1, in the order of the standard: an indicator's number is its place. */
const indicators = [
  'no-signal',
  'cng',
  'ced',
  'v21-preamble',
  'v27-2400-training',
  'v27-4800-training',
  'v29-7200-training',
  'v29-9600-training',
  'v17-7200-short-training',
  'v17-7200-long-training',
  'v17-9600-short-training',
  'v17-9600-long-training',
  'v17-12000-short-training',
  'v17-12000-long-training',
  'v17-14400-short-training',
  'v17-14400-long-training',
] as const;
export type Indicator = (typeof indicators)[number];

/** T.38 7.3.2. */
const dataTypes = [
  'v21',
  'v27-2400',
  'v27-4800',
  'v29-7200',
  'v29-9600',
  'v17-7200',
  'v17-9600',
  'v17-12000',
  'v17-14400',
] as const;
export type DataType = (typeof dataTypes)[number];

/** T.38 7.4. */
const fieldTypes = [
  'hdlc-data',
  'hdlc-sig-end',
  'hdlc-fcs-OK',
  'hdlc-fcs-BAD',
  'hdlc-fcs-OK-sig-end',
  'hdlc-fcs-BAD-sig-end',
  't4-non-ecm-data',
  't4-non-ecm-sig-end',
] as const;

export interface IfpField {
  type: (typeof fieldTypes)[number];
  /** Octets in the order of the line: the highest bit is sent first. Empty where the field has none. */
  data: Buffer;
}

export type Ifp =
  | { kind: 'indicator'; indicator: Indicator }
  | { kind: 'data'; type: DataType; fields: readonly IfpField[] };

const MOST_FIELDS = 16;

/** A field of annex A's first version: presence and type in half an octet, then 16 bits of length less one. */
function encodeField({ type, data }: IfpField): Buffer {
  const head = fieldTypes.indexOf(type) << 4;
  if (data.length === 0) return Buffer.from([head]);
  const length = data.length - 1;
  return Buffer.concat([Buffer.from([0x80 | head, length >> 8, length & 0xff]), data]);
}

export function encodeIfp(packet: Ifp): Buffer {
  if (packet.kind === 'indicator') return Buffer.from([indicators.indexOf(packet.indicator) << 1]);
  const head = 0x40 | (dataTypes.indexOf(packet.type) << 1);
  if (packet.fields.length === 0) return Buffer.from([head]);
  return Buffer.concat([Buffer.from([0x80 | head, packet.fields.length]), ...packet.fields.map(encodeField)]);
}

/** Undefined for what is no IFP packet of the first version. */
export function decodeIfp(bytes: Buffer): Ifp | undefined {
  const first = bytes[0];
  // Bit 5 marks values of later versions.
  if (first === undefined || first & 0x20) return undefined;
  const value = (first >> 1) & 0x0f;
  if ((first & 0x40) === 0) {
    const indicator = indicators[value];
    return indicator && { kind: 'indicator', indicator };
  }
  const type = dataTypes[value];
  if (!type) return undefined;
  const fields = first & 0x80 ? decodeFields(bytes) : [];
  return fields && { kind: 'data', type, fields };
}

function decodeFields(bytes: Buffer): IfpField[] | undefined {
  const count = bytes[1];
  if (count === undefined || count > MOST_FIELDS) return undefined;
  const fields: IfpField[] = [];
  let at = 2;
  for (let i = 0; i < count; i++) {
    const head = bytes[at++];
    const type = fieldTypes[((head ?? 0) >> 4) & 7];
    if (head === undefined || !type) return undefined;
    let data: Buffer = Buffer.alloc(0);
    if (head & 0x80) {
      if (at + 2 > bytes.length) return undefined;
      const end = at + 2 + bytes.readUInt16BE(at) + 1;
      if (end > bytes.length) return undefined;
      data = bytes.subarray(at + 2, end);
      at = end;
    }
    fields.push({ type, data });
  }
  return fields;
}
